#include <querent/batch_bald.h>

#include "points_arguments.h"

namespace querent {
namespace {

struct BatchBaldJob final : Job {
  PassesSpec spec{};
  PassesView view{};
  BatchBaldOptions options{};
  std::vector<uint32_t> exclude;
  BatchBaldPicks picks;

  void work() override {
    options.excluded = {exclude.data(), exclude.size()};
    picks = batch_bald(spec, view, options, control);
  }

  Napi::Value result(Napi::Env env) override {
    Napi::Object answer = Napi::Object::New(env);
    answer.Set("indices", typed_array<Napi::Uint32Array>(env, picks.indices));
    answer.Set("scores", typed_array<Napi::Float64Array>(env, picks.scores));
    answer.Set("gains", typed_array<Napi::Float64Array>(env, picks.gains));
    answer.Set("badRow", Napi::Number::New(env, double(picks.bad_row)));
    return answer;
  }
};

// batchBald(samples, dtype, passes, rows, cols, from, normalize, tolerance, exclude, k, numSamples, seed, threads,
// control): Promise<BatchBaldOutcome>
Napi::Value batch_bald_async(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const View samples = arguments.view("samples");
  auto job = std::make_unique<BatchBaldJob>();
  const auto dtype = arguments.code<Dtype>("dtype", 4);
  const size_t passes = arguments.size("passes");
  const size_t rows = arguments.size("rows");
  const size_t cols = arguments.size("cols");
  if (passes == 0) arguments.fail("no passes");
  const MatrixView whole =
      checked_matrix(arguments, samples, dtype, checked_product(arguments, passes, rows), cols, cols);
  job->view = {whole.data, dtype, passes, rows, cols};
  job->spec.from = arguments.code<From>("from", 2);
  job->spec.normalize = arguments.code<Normalize>("normalize", 3);
  job->spec.tolerance = arguments.number("tolerance");
  const auto exclude = arguments.optional_view("exclude");
  const Excluded excluded = excluded_rows(arguments, exclude);
  for (size_t i = 0; i < excluded.count; ++i) {
    if (excluded.rows[i] >= rows) arguments.fail("exclude names a row outside the pool");
  }
  job->exclude.assign(excluded.rows, excluded.rows + excluded.count);
  job->options.k = arguments.size("k");
  job->options.samples = arguments.size("numSamples");
  if (job->options.samples == 0 || job->options.samples > 0xffffffffu) arguments.fail("numSamples is out of range");
  job->options.seed = arguments.seed("seed");
  job->options.threads = unsigned(arguments.size("threads"));
  const View control = arguments.view("control");
  job->control = checked_control(arguments, control);
  return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {samples.value, control.value});
}

}  // namespace

void export_batch_bald(Napi::Env env, Napi::Object exports) {
  exports.Set("batchBald", Napi::Function::New(env, batch_bald_async, "batchBald"));
}

}  // namespace querent
