#include <querent/tsne.h>

#include "points_arguments.h"

namespace querent {
namespace {

struct TsneJob final : Job {
  MatrixView matrix{};
  TsneSpec spec{};
  unsigned threads = 0;
  TsneResult found;

  void work() override { found = tsne(matrix, spec, threads, control); }

  Napi::Value result(Napi::Env env) override {
    Napi::Object answer = Napi::Object::New(env);
    answer.Set("points", typed_array<Napi::Float64Array>(env, found.points));
    answer.Set("kl", Napi::Number::New(env, found.kl));
    answer.Set("badRow", Napi::Number::New(env, double(found.bad_row)));
    answer.Set("divergedAt", Napi::Number::New(env, double(found.diverged_at)));
    return answer;
  }
};

// tsne(data, dtype, rows, cols, stride, perplexity, theta, iterations, exaggeration, learningRate, seed, fromPrincipal,
//      threads, control): Promise<TsneOutcome>
Napi::Value tsne_async(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  auto job = std::make_unique<TsneJob>();
  const Points p = points(arguments, arguments.view("data"));
  job->matrix = p.matrix;
  job->spec.perplexity = arguments.number("perplexity");
  job->spec.theta = arguments.number("theta");
  job->spec.iterations = arguments.size("iterations");
  job->spec.exaggeration = arguments.number("exaggeration");
  job->spec.learning_rate = arguments.number("learningRate");
  job->spec.seed = arguments.seed("seed");
  job->spec.from_principal = arguments.boolean("fromPrincipal");
  job->threads = unsigned(arguments.size("threads"));
  const View control = arguments.view("control");
  job->control = checked_control(arguments, control);
  if (p.matrix.rows < 4) arguments.fail("fewer than 4 rows");
  if (!(job->spec.perplexity >= 1 && 3 * job->spec.perplexity <= double(p.matrix.rows - 1))) {
    arguments.fail("perplexity is out of range");
  }
  return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {p.view.value, control.value});
}

}  // namespace

void export_tsne(Napi::Env env, Napi::Object exports) {
  exports.Set("tsne", Napi::Function::New(env, tsne_async, "tsne"));
}

}  // namespace querent
