#include "score_arguments.h"

#include <algorithm>
#include <array>

namespace querent {
namespace {

struct PassesInput {
  View view;
  PassesView passes;
};

PassesInput passes_input(Arguments& arguments, View view) {
  PassesInput input{std::move(view), {}};
  const auto dtype = arguments.code<Dtype>("dtype", 4);
  const size_t passes = arguments.size("passes");
  const size_t rows = arguments.size("rows");
  const size_t cols = arguments.size("cols");
  if (passes == 0) arguments.fail("no passes");
  const MatrixView whole =
      checked_matrix(arguments, input.view, dtype, checked_product(arguments, passes, rows), cols, cols);
  input.passes = {whole.data, dtype, passes, rows, cols};
  return input;
}

PassesSpec passes_spec(Arguments& arguments) {
  PassesSpec spec{};
  spec.from = arguments.code<From>("from", 2);
  spec.normalize = arguments.code<Normalize>("normalize", 3);
  spec.tolerance = arguments.number("tolerance");
  return spec;
}

uint32_t measures(Arguments& arguments) {
  const size_t mask = arguments.size("measures");
  if (mask == 0 || mask >= (1u << kMeasureCount)) arguments.fail("unknown measures");
  return uint32_t(mask);
}

// mcDropout(samples, dtype, passes, rows, cols, from, normalize, tolerance, measures, threads, outs): number
Napi::Value mc_dropout(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const PassesInput input = passes_input(arguments, arguments.view("samples"));
  PassesSpec spec = passes_spec(arguments);
  spec.measures = measures(arguments);
  const auto threads = unsigned(arguments.size("threads"));
  if (info.Length() < 11 || !info[10].IsArray()) arguments.fail("outs is not an array");
  const Napi::Array outs = info[10].As<Napi::Array>();
  const auto count = uint32_t(__builtin_popcount(spec.measures));
  if (outs.Length() != count) arguments.fail("outs does not hold one array per measure");
  std::array<ScoresOut, kMeasureCount> results{};
  for (uint32_t i = 0; i < count; ++i) {
    const Napi::Value value = outs.Get(i);
    View view;
    if (!value.IsTypedArray() || napi_get_typedarray_info(info.Env(), value, &view.type, &view.length, &view.data,
                                                          nullptr, nullptr) != napi_ok) {
      arguments.fail("outs holds something that is no typed array");
    }
    results[i] = scores_out(arguments, view, input.passes.rows, "outs");
  }
  const int64_t invalid = reduce_samples(spec, input.passes, 0, input.passes.rows, threads, results.data());
  return Napi::Number::New(info.Env(), double(invalid));
}

struct PassesJob final : Job {
  PassesSpec spec{};
  PassesView view{};
  size_t begin = 0;
  size_t end = 0;
  size_t row_offset = 0;
  BlockMemory memory;
  std::vector<std::vector<double>> values;
  int64_t invalid = kNoRow;

  void work() override {
    const auto count = size_t(__builtin_popcount(spec.measures));
    values.assign(count, std::vector<double>(end - begin));
    std::array<ScoresOut, kMeasureCount> outs{};
    for (size_t i = 0; i < count; ++i) outs[i] = {values[i].data(), true};
    invalid = reduce_samples(spec, view, begin, end, 1, outs.data());
    if (invalid != kNoRow) invalid += int64_t(row_offset);
  }

  Napi::Value result(Napi::Env env) override {
    Napi::Array outs = Napi::Array::New(env, values.size());
    for (uint32_t i = 0; i < values.size(); ++i) {
      if (view.dtype == Dtype::f64) {
        Napi::Float64Array out = Napi::Float64Array::New(env, values[i].size());
        std::copy(values[i].begin(), values[i].end(), out.Data());
        outs.Set(i, out);
      } else {
        // already rounded to float by the kernel: this only narrows the storage
        Napi::Float32Array out = Napi::Float32Array::New(env, values[i].size());
        std::transform(values[i].begin(), values[i].end(), out.Data(), [](double v) { return float(v); });
        outs.Set(i, out);
      }
    }
    Napi::Object answer = Napi::Object::New(env);
    answer.Set("outs", outs);
    answer.Set("invalidRow", Napi::Number::New(env, double(invalid)));
    return answer;
  }
};

// mcDropoutAsync(samples, shared, dtype, passes, rows, cols, rowBegin, rowEnd, from, normalize, tolerance, measures)
Napi::Value mc_dropout_async(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  View view = arguments.view("samples");
  const bool shared = arguments.boolean("shared");
  const PassesInput input = passes_input(arguments, std::move(view));
  const size_t begin = arguments.size("rowBegin");
  const size_t end = arguments.size("rowEnd");
  if (begin > end || end > input.passes.rows) arguments.fail("rows out of range");
  auto job = std::make_unique<PassesJob>();
  job->spec = passes_spec(arguments);
  job->spec.measures = measures(arguments);
  job->view = input.passes;
  if (shared) {
    job->memory.hold(input.passes.data, 0, true);
    job->begin = begin;
    job->end = end;
  } else {
    const size_t row_bytes = input.passes.cols * dtype_bytes(input.passes.dtype);
    const size_t n = end - begin;
    char* copy = job->memory.allocate(input.passes.passes * n * row_bytes);
    for (size_t pass = 0; pass < input.passes.passes; ++pass) {
      std::copy_n(static_cast<const char*>(input.passes.data) + (pass * input.passes.rows + begin) * row_bytes,
                  n * row_bytes, copy + pass * n * row_bytes);
    }
    job->view.rows = n;
    job->end = n;
    job->row_offset = begin;
  }
  job->view.data = job->memory.data();
  return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {input.view.value});
}

template <class T>
T* state_array(const Arguments& arguments, const std::optional<View>& view, napi_typedarray_type type, size_t length,
               const char* name) {
  if (!view) return nullptr;
  if (view->type != type) arguments.fail(std::string(name) + " has the wrong type");
  require_length(arguments, *view, length, name);
  return static_cast<T*>(view->data);
}

// mcAccumulate(probs, dtype, rows, cols, stride, from, normalize, tolerance, pass, threads, mean, kl, entropy, m2,
// votes)
Napi::Value mc_accumulate(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const View view = arguments.view("probs");
  const auto dtype = arguments.code<Dtype>("dtype", 4);
  const size_t rows = arguments.size("rows");
  const size_t cols = arguments.size("cols");
  const MatrixView matrix = checked_matrix(arguments, view, dtype, rows, cols, arguments.size("stride"));
  const PassesSpec spec = passes_spec(arguments);
  const size_t pass = arguments.size("pass");
  const auto threads = unsigned(arguments.size("threads"));
  const size_t cells = checked_product(arguments, rows, cols);
  StreamState state{};
  state.mean = state_array<double>(arguments, arguments.view("mean"), napi_float64_array, cells, "mean");
  state.kl = state_array<double>(arguments, arguments.optional_view("kl"), napi_float64_array, rows, "kl");
  state.entropy =
      state_array<double>(arguments, arguments.optional_view("entropy"), napi_float64_array, rows, "entropy");
  state.m2 = state_array<double>(arguments, arguments.optional_view("m2"), napi_float64_array, cells, "m2");
  state.votes = state_array<uint32_t>(arguments, arguments.optional_view("votes"), napi_uint32_array, cells, "votes");
  return Napi::Number::New(info.Env(), double(accumulate_samples(spec, matrix, pass, threads, state)));
}

}  // namespace

void export_passes(Napi::Env env, Napi::Object exports) {
  exports.Set("mcDropout", Napi::Function::New(env, mc_dropout, "mcDropout"));
  exports.Set("mcDropoutAsync", Napi::Function::New(env, mc_dropout_async, "mcDropoutAsync"));
  exports.Set("mcAccumulate", Napi::Function::New(env, mc_accumulate, "mcAccumulate"));
}

}  // namespace querent
