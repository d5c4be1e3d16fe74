#include <querent/dispatch.h>
#include <querent/parallel.h>
#include <querent/sample.h>

#include <algorithm>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "score_arguments.h"

namespace querent {
namespace {

Napi::Value levels(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (const KernelTable* table : available_levels()) {
    names.Set(names.Length(), Napi::String::New(info.Env(), table->level));
  }
  return names;
}

Napi::Value level(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), current_level().level);
}

Napi::Value set_level_by_name(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  return Napi::Boolean::New(info.Env(), set_level(arguments.text("level")));
}

Napi::Value last_level_name(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), last_level());
}

Napi::Value hardware_thread_count(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), hardware_threads());
}

// Huge pages halve the time of the first touch and raise the read bandwidth of a scan; without them nothing breaks.
Napi::Value advise_huge_pages(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const View view = arguments.view("view");
  bool advised = false;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr uintptr_t kPage = 4096;
  const auto begin = (reinterpret_cast<uintptr_t>(view.data) + kPage - 1) / kPage * kPage;
  const auto end = (reinterpret_cast<uintptr_t>(view.data) + view.length * view.element_bytes()) / kPage * kPage;
  if (end > begin) advised = madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE) == 0;
#endif
  return Napi::Boolean::New(info.Env(), advised);
}

// bytesToBoundary(view, boundary): how far behind the view's first byte the next multiple of `boundary` lies.
// JavaScript cannot see addresses, and huge pages start at multiples of their own size only.
Napi::Value bytes_to_boundary(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const View view = arguments.view("view");
  const size_t boundary = arguments.size("boundary");
  if (boundary == 0) arguments.fail("boundary is 0");
  const size_t behind = reinterpret_cast<uintptr_t>(view.data) % boundary;
  return Napi::Number::New(info.Env(), double(behind == 0 ? 0 : boundary - behind));
}

// sumRead(data): adds up a Float32Array at memory speed; the yardstick of the benchmarks.
Napi::Value sum_read(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const View view = arguments.view("data");
  if (view.type != napi_float32_array) arguments.fail("data is not a Float32Array");
  return Napi::Number::New(info.Env(), current_level().sum_read(static_cast<const float*>(view.data), view.length));
}

// sampleWithoutReplacement(n, k, weights, seed, out): number
Napi::Value sample_without_replacement(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const size_t n = arguments.size("n");
  const size_t k = arguments.size("k");
  const auto weights = arguments.optional_view("weights");
  const uint64_t seed = arguments.seed("seed");
  const View out = arguments.view("out");
  if (n > 0xffffffffu || k > n) arguments.fail("k and n are out of range");
  if (out.type != napi_uint32_array) arguments.fail("out is not a Uint32Array");
  require_length(arguments, out, k, "out");
  auto* rows = static_cast<uint32_t*>(out.data);
  if (!weights) {
    sample_uniform(uint32_t(n), uint32_t(k), seed, rows);
    return Napi::Number::New(info.Env(), double(k));
  }
  const ScoresOut given = scores_out(arguments, *weights, n, "weights");
  if (given.is_double) {
    return Napi::Number::New(info.Env(), double(sample_weighted(static_cast<const double*>(given.data), uint32_t(n),
                                                                uint32_t(k), seed, rows)));
  }
  std::vector<double> widened(static_cast<const float*>(given.data), static_cast<const float*>(given.data) + n);
  return Napi::Number::New(info.Env(), double(sample_weighted(widened.data(), uint32_t(n), uint32_t(k), seed, rows)));
}

}  // namespace

void export_runtime(Napi::Env env, Napi::Object exports) {
  exports.Set("levels", Napi::Function::New(env, levels, "levels"));
  exports.Set("level", Napi::Function::New(env, level, "level"));
  exports.Set("setLevel", Napi::Function::New(env, set_level_by_name, "setLevel"));
  exports.Set("lastLevel", Napi::Function::New(env, last_level_name, "lastLevel"));
  exports.Set("hardwareThreads", Napi::Function::New(env, hardware_thread_count, "hardwareThreads"));
  exports.Set("adviseHugePages", Napi::Function::New(env, advise_huge_pages, "adviseHugePages"));
  exports.Set("bytesToBoundary", Napi::Function::New(env, bytes_to_boundary, "bytesToBoundary"));
  exports.Set("sumRead", Napi::Function::New(env, sum_read, "sumRead"));
  exports.Set("sampleWithoutReplacement",
              Napi::Function::New(env, sample_without_replacement, "sampleWithoutReplacement"));
}

}  // namespace querent
