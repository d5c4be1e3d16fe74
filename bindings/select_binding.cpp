#include <querent/select.h>

#include "points_arguments.h"

namespace querent {
namespace {

std::vector<uint32_t> row_list(Arguments& arguments, const char* name, size_t rows) {
  const auto view = arguments.optional_view(name);
  if (!view) return {};
  if (view->type != napi_uint32_array) arguments.fail(std::string(name) + " is not a Uint32Array");
  const auto* begin = static_cast<const uint32_t*>(view->data);
  std::vector<uint32_t> list(begin, begin + view->length);
  for (const uint32_t row : list) {
    if (row >= rows) arguments.fail(std::string(name) + " holds a row that is not there");
  }
  return list;
}

struct SelectionJob : Job {
  MatrixView matrix{};
  std::vector<uint32_t> listed;
  size_t k = 0;
  unsigned threads = 0;
  Selection selection;

  RowList list() const { return {listed.data(), listed.size()}; }

  Napi::Value result(Napi::Env env) override {
    Napi::Object answer = Napi::Object::New(env);
    answer.Set("indices", typed_array<Napi::Uint32Array>(env, selection.rows));
    answer.Set("badRow", Napi::Number::New(env, double(selection.bad_row)));
    return answer;
  }
};

struct KCenterJob final : SelectionJob {
  Metric metric = Metric::euclidean;
  uint32_t first = 0;

  void work() override { selection = k_center(matrix, metric, list(), first, k, threads, control); }

  Napi::Value result(Napi::Env env) override {
    Napi::Object answer = SelectionJob::result(env).As<Napi::Object>();
    answer.Set("distances", typed_array<Napi::Float64Array>(env, selection.distances));
    answer.Set("coveringRadius", Napi::Number::New(env, selection.covering_radius));
    return answer;
  }
};

// kCenter(data, dtype, rows, cols, stride, metric, labeled, first, k, threads, control): Promise<KCenterOutcome>
Napi::Value k_center_async(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  auto job = std::make_unique<KCenterJob>();
  const Points p = points(arguments, arguments.view("data"));
  job->matrix = p.matrix;
  job->metric = arguments.code<Metric>("metric", 2);
  job->listed = row_list(arguments, "labeled", p.matrix.rows);
  const double first = arguments.number("first");
  job->k = arguments.size("k");
  job->threads = unsigned(arguments.size("threads"));
  const View control = arguments.view("control");
  job->control = checked_control(arguments, control);
  if (job->k > p.matrix.rows) arguments.fail("k is larger than rows");
  if (first >= double(p.matrix.rows) && job->k > 0) arguments.fail("first is not a row");
  job->first = first < 0 ? 0 : uint32_t(first);
  return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {p.view.value, control.value});
}

struct KMeansPlusPlusJob final : SelectionJob {
  uint64_t seed = 0;
  void work() override { selection = k_means_plus_plus(matrix, list(), k, seed, threads, control); }
};

// kMeansPlusPlus(data, dtype, rows, cols, stride, labeled, k, seed, threads, control): Promise<SelectionOutcome>
Napi::Value k_means_plus_plus_async(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  auto job = std::make_unique<KMeansPlusPlusJob>();
  const Points p = points(arguments, arguments.view("data"));
  job->matrix = p.matrix;
  job->listed = row_list(arguments, "labeled", p.matrix.rows);
  job->k = arguments.size("k");
  job->seed = arguments.seed("seed");
  job->threads = unsigned(arguments.size("threads"));
  const View control = arguments.view("control");
  job->control = checked_control(arguments, control);
  if (job->k > p.matrix.rows) arguments.fail("k is larger than rows");
  return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {p.view.value, control.value});
}

struct BadgeJob final : SelectionJob {
  Predictions predictions{};
  uint64_t seed = 0;

  void work() override { selection = badge(predictions, matrix, list(), k, seed, threads, control); }

  Napi::Value result(Napi::Env env) override {
    Napi::Object answer = SelectionJob::result(env).As<Napi::Object>();
    answer.Set("badPrediction", Napi::Boolean::New(env, selection.bad_prediction));
    return answer;
  }
};

// badge(probs, probsDtype, cols, probsStride, from, normalize, tolerance, embeddings, dtype, rows, depth, stride,
//       exclude, k, seed, threads, control): Promise<BadgeOutcome>
Napi::Value badge_async(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  auto job = std::make_unique<BadgeJob>();
  const View probs = arguments.view("probs");
  const auto dtype = arguments.code<Dtype>("probsDtype", 4);
  const size_t cols = arguments.size("cols");
  const size_t stride = arguments.size("probsStride");
  job->predictions.from = arguments.code<From>("from", 2);
  job->predictions.normalize = arguments.code<Normalize>("normalize", 3);
  job->predictions.tolerance = arguments.number("tolerance");
  const Points p = points(arguments, arguments.view("data"));
  job->matrix = p.matrix;
  job->predictions.view = checked_matrix(arguments, probs, dtype, p.matrix.rows, cols, stride);
  job->listed = row_list(arguments, "exclude", p.matrix.rows);
  job->k = arguments.size("k");
  job->seed = arguments.seed("seed");
  job->threads = unsigned(arguments.size("threads"));
  const View control = arguments.view("control");
  job->control = checked_control(arguments, control);
  if (job->k > p.matrix.rows) arguments.fail("k is larger than rows");
  return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {probs.value, p.view.value, control.value});
}

}  // namespace

void export_select(Napi::Env env, Napi::Object exports) {
  exports.Set("kCenter", Napi::Function::New(env, k_center_async, "kCenter"));
  exports.Set("kMeansPlusPlus", Napi::Function::New(env, k_means_plus_plus_async, "kMeansPlusPlus"));
  exports.Set("badge", Napi::Function::New(env, badge_async, "badge"));
}

}  // namespace querent
