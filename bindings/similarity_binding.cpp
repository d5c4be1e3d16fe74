#include <querent/facility.h>
#include <querent/k_means.h>
#include <querent/pairwise.h>

#include <algorithm>
#include <new>

#include "points_arguments.h"

namespace querent {
namespace {

struct FacilityJob final : Job {
  MatrixView matrix{};
  Metric metric = Metric::euclidean;
  size_t neighbours = 0;
  size_t k = 0;
  unsigned threads = 0;
  FacilityResult found;

  void work() override { found = facility_location(matrix, metric, neighbours, k, threads, control); }

  Napi::Value result(Napi::Env env) override {
    Napi::Object answer = Napi::Object::New(env);
    answer.Set("indices", typed_array<Napi::Uint32Array>(env, found.rows));
    answer.Set("gains", typed_array<Napi::Float64Array>(env, found.gains));
    answer.Set("badRow", Napi::Number::New(env, double(found.bad_row)));
    return answer;
  }
};

// facilityLocation(data, dtype, rows, cols, stride, metric, neighbours, k, threads, control): Promise<FacilityOutcome>
Napi::Value facility_location_async(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  auto job = std::make_unique<FacilityJob>();
  const Points p = points(arguments, arguments.view("data"));
  job->matrix = p.matrix;
  job->metric = arguments.code<Metric>("metric", 2);
  job->neighbours = arguments.size("neighbours");
  job->k = arguments.size("k");
  job->threads = unsigned(arguments.size("threads"));
  const View control = arguments.view("control");
  job->control = checked_control(arguments, control);
  if (job->k > p.matrix.rows) arguments.fail("k is larger than rows");
  return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {p.view.value, control.value});
}

struct PairwiseInput {
  Points a;
  std::optional<Points> b;
  Metric metric;
  bool squared;
  unsigned threads;
  View out;
  ScoresOut scores;

  const MatrixView* second() const { return b ? &b->matrix : nullptr; }
};

PairwiseInput pairwise_input(Arguments& arguments) {
  PairwiseInput input{};
  input.a = points(arguments, arguments.view("a"));
  auto b = arguments.optional_view("b");
  const auto dtype = arguments.code<Dtype>("bDtype", 5);
  const size_t rows = arguments.size("bRows");
  const size_t stride = arguments.size("bStride");
  if (b) {
    const MatrixView matrix = checked_embeddings(arguments, *b, dtype, rows, input.a.matrix.cols, stride);
    input.b = {std::move(*b), matrix};
  }
  input.metric = arguments.code<Metric>("metric", 2);
  input.squared = arguments.boolean("squared");
  input.threads = unsigned(arguments.size("threads"));
  input.out = arguments.view("out");
  const size_t columns = input.b ? input.b->matrix.rows : input.a.matrix.rows;
  input.scores = scores_out(arguments, input.out, checked_product(arguments, input.a.matrix.rows, columns), "out");
  return input;
}

Napi::Object pairwise_answer(Napi::Env env, const PairwiseResult& result) {
  Napi::Object answer = Napi::Object::New(env);
  answer.Set("badRow", Napi::Number::New(env, double(result.bad_row)));
  answer.Set("inSecond", Napi::Boolean::New(env, result.in_second));
  return answer;
}

// pairwiseDistances(a, aDtype, aRows, cols, aStride, b, bDtype, bRows, bStride, metric, squared, threads, out):
// PairwiseOutcome
Napi::Value pairwise_distances_sync(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const PairwiseInput input = pairwise_input(arguments);
  try {
    return pairwise_answer(info.Env(), pairwise_distances(input.a.matrix, input.second(), input.metric, input.squared,
                                                          input.threads, input.scores, Control()));
  } catch (const std::bad_alloc&) {
    Napi::Error error = Napi::Error::New(info.Env(), "querent addon: out of memory");
    error.Set("code", Napi::String::New(info.Env(), "ERR_QUERENT_MEMORY"));
    throw error;
  }
}

struct PairwiseJob final : Job {
  PairwiseInput input;
  PairwiseResult outcome;

  void work() override {
    outcome = pairwise_distances(input.a.matrix, input.second(), input.metric, input.squared, input.threads,
                                 input.scores, control);
  }
  Napi::Value result(Napi::Env env) override { return pairwise_answer(env, outcome); }
};

// pairwiseDistancesAsync(…, out, control): Promise<PairwiseOutcome>
Napi::Value pairwise_distances_async(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  auto job = std::make_unique<PairwiseJob>();
  job->input = pairwise_input(arguments);
  const View control = arguments.view("control");
  job->control = checked_control(arguments, control);
  std::vector<Napi::Value> alive = {job->input.a.view.value, job->input.out.value, control.value};
  if (job->input.b) alive.push_back(job->input.b->view.value);
  return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), alive);
}

struct KMeansJob final : Job {
  MatrixView matrix{};
  const double* initial = nullptr;
  size_t k = 0;
  size_t max_iterations = 0;
  double tolerance = 0;
  unsigned threads = 0;
  KMeansResult found;

  void work() override { found = k_means(matrix, initial, k, max_iterations, tolerance, threads, control); }

  Napi::Value result(Napi::Env env) override {
    Napi::Object answer = Napi::Object::New(env);
    answer.Set("centroids", typed_array<Napi::Float64Array>(env, found.centroids));
    answer.Set("assignments", typed_array<Napi::Uint32Array>(env, found.assignments));
    answer.Set("nearest", typed_array<Napi::Uint32Array>(env, found.nearest));
    answer.Set("inertia", Napi::Number::New(env, found.inertia));
    answer.Set("iterations", Napi::Number::New(env, found.iterations));
    answer.Set("badRow", Napi::Number::New(env, double(found.bad_row)));
    return answer;
  }
};

// kMeans(data, dtype, rows, cols, stride, initial, k, maxIterations, tolerance, threads, control):
// Promise<KMeansOutcome>
Napi::Value k_means_async(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  auto job = std::make_unique<KMeansJob>();
  const Points p = points(arguments, arguments.view("data"));
  job->matrix = p.matrix;
  const View initial = arguments.view("initial");
  job->k = arguments.size("k");
  job->max_iterations = arguments.size("maxIterations");
  job->tolerance = arguments.number("tolerance");
  job->threads = unsigned(arguments.size("threads"));
  const View control = arguments.view("control");
  job->control = checked_control(arguments, control);
  if (job->k == 0 || job->k > p.matrix.rows) arguments.fail("k is out of range");
  if (initial.type != napi_float64_array) arguments.fail("initial is not a Float64Array");
  require_length(arguments, initial, checked_product(arguments, job->k, p.matrix.cols), "initial");
  job->initial = static_cast<const double*>(initial.data);
  return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {p.view.value, initial.value, control.value});
}

}  // namespace

void export_similarity(Napi::Env env, Napi::Object exports) {
  exports.Set("facilityLocation", Napi::Function::New(env, facility_location_async, "facilityLocation"));
  exports.Set("pairwiseDistances", Napi::Function::New(env, pairwise_distances_sync, "pairwiseDistances"));
  exports.Set("pairwiseDistancesAsync", Napi::Function::New(env, pairwise_distances_async, "pairwiseDistancesAsync"));
  exports.Set("kMeans", Napi::Function::New(env, k_means_async, "kMeans"));
}

}  // namespace querent
