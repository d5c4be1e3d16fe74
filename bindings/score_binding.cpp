#include "score_arguments.h"

namespace querent {
namespace {

// score(data, dtype, rows, cols, stride, method, from, kind, normalize, tolerance, threads, out): number
Napi::Value score(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const ScoreInput input = score_input(arguments, arguments.view("data"));
  const auto threads = unsigned(arguments.size("threads"));
  const ScoresOut out = scores_out(arguments, arguments.view("out"), input.matrix.rows, "out");
  return Napi::Number::New(info.Env(), double(score_matrix(input.spec, input.matrix, threads, out)));
}

struct ScoreJob final : Job {
  ScoreSpec spec{};
  MatrixView matrix{};
  BlockMemory memory;
  std::vector<float> scores;
  std::vector<double> scores_f64;
  int64_t invalid = kNoRow;

  bool is_double() const { return matrix.dtype == Dtype::f64; }

  void work() override {
    if (is_double()) {
      scores_f64.resize(matrix.rows);
      invalid = score_matrix(spec, matrix, 1, {scores_f64.data(), true});
    } else {
      scores.resize(matrix.rows);
      invalid = score_matrix(spec, matrix, 1, {scores.data(), false});
    }
  }

  Napi::Value result(Napi::Env env) override {
    Napi::Object answer = Napi::Object::New(env);
    if (is_double()) {
      Napi::Float64Array out = Napi::Float64Array::New(env, matrix.rows);
      std::copy(scores_f64.begin(), scores_f64.end(), out.Data());
      answer.Set("scores", out);
    } else {
      Napi::Float32Array out = Napi::Float32Array::New(env, matrix.rows);
      std::copy(scores.begin(), scores.end(), out.Data());
      answer.Set("scores", out);
    }
    answer.Set("invalidRow", Napi::Number::New(env, double(invalid)));
    return answer;
  }
};

// scoreAsync(data, shared, dtype, …, tolerance): Promise<BlockScores>
Napi::Value score_async(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  View view = arguments.view("data");
  const bool shared = arguments.boolean("shared");
  const ScoreInput input = score_input(arguments, std::move(view));
  auto job = std::make_unique<ScoreJob>();
  job->spec = input.spec;
  job->matrix = hold_matrix(input, shared, job->memory);
  return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {input.view.value});
}

template <class Vote>
int64_t typed_vote_entropy(const void* votes, size_t members, size_t rows, size_t cols, size_t begin, size_t end,
                           unsigned threads, ScoresOut out) {
  return vote_entropy(static_cast<const Vote*>(votes), members, rows, cols, begin, end, threads, out);
}

using VoteEntropy = int64_t (*)(const void*, size_t, size_t, size_t, size_t, size_t, unsigned, ScoresOut);

VoteEntropy vote_entropy_for(const Arguments& arguments, napi_typedarray_type type) {
  switch (type) {
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return typed_vote_entropy<uint8_t>;
    case napi_int8_array:
      return typed_vote_entropy<int8_t>;
    case napi_uint16_array:
      return typed_vote_entropy<uint16_t>;
    case napi_int16_array:
      return typed_vote_entropy<int16_t>;
    case napi_uint32_array:
      return typed_vote_entropy<uint32_t>;
    case napi_int32_array:
      return typed_vote_entropy<int32_t>;
    default:
      arguments.fail("votes are not integers");
  }
}

struct VoteShape {
  size_t members;
  size_t rows;
  size_t cols;
};

VoteShape vote_shape(Arguments& arguments, const View& votes) {
  const VoteShape shape{arguments.size("members"), arguments.size("rows"), arguments.size("cols")};
  if (shape.members == 0 || shape.cols == 0 || shape.members > 0xffffffffu) arguments.fail("empty committee");
  require_length(arguments, votes, checked_product(arguments, shape.members, shape.rows), "votes");
  return shape;
}

// voteEntropy(votes, members, rows, cols, threads, out): number
Napi::Value vote_entropy_sync(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const View votes = arguments.view("votes");
  const VoteShape shape = vote_shape(arguments, votes);
  const auto threads = unsigned(arguments.size("threads"));
  const ScoresOut out = scores_out(arguments, arguments.view("out"), shape.rows, "out");
  const VoteEntropy kernel = vote_entropy_for(arguments, votes.type);
  return Napi::Number::New(
      info.Env(), double(kernel(votes.data, shape.members, shape.rows, shape.cols, 0, shape.rows, threads, out)));
}

struct VoteJob final : Job {
  VoteEntropy kernel = nullptr;
  VoteShape shape{};
  size_t begin = 0;
  size_t end = 0;
  size_t all_rows = 0;  // of the caller's array, to translate positions
  size_t row_offset = 0;
  BlockMemory memory;
  std::vector<float> scores;
  int64_t bad = kNoRow;

  void work() override {
    scores.resize(end - begin);
    bad = kernel(memory.data(), shape.members, shape.rows, shape.cols, begin, end, 1, {scores.data(), false});
    if (bad != kNoRow) {
      const size_t member = size_t(bad) / shape.rows;
      bad = int64_t(member * all_rows + row_offset + size_t(bad) % shape.rows);
    }
  }

  Napi::Value result(Napi::Env env) override {
    Napi::Object answer = Napi::Object::New(env);
    Napi::Float32Array out = Napi::Float32Array::New(env, scores.size());
    std::copy(scores.begin(), scores.end(), out.Data());
    answer.Set("scores", out);
    answer.Set("invalidAt", Napi::Number::New(env, double(bad)));
    return answer;
  }
};

// voteEntropyAsync(votes, shared, members, rows, cols, rowBegin, rowEnd): Promise<{scores, invalidAt}>
Napi::Value vote_entropy_async(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const View votes = arguments.view("votes");
  const bool shared = arguments.boolean("shared");
  const VoteShape shape = vote_shape(arguments, votes);
  const size_t begin = arguments.size("rowBegin");
  const size_t end = arguments.size("rowEnd");
  if (begin > end || end > shape.rows) arguments.fail("rows out of range");
  auto job = std::make_unique<VoteJob>();
  job->kernel = vote_entropy_for(arguments, votes.type);
  job->shape = shape;
  job->all_rows = shape.rows;
  if (shared) {
    job->memory.hold(votes.data, 0, true);
    job->begin = begin;
    job->end = end;
  } else {
    const size_t bytes = votes.element_bytes();
    const size_t n = end - begin;
    char* copy = job->memory.allocate(shape.members * n * bytes);
    for (size_t member = 0; member < shape.members; ++member) {
      std::copy_n(static_cast<const char*>(votes.data) + (member * shape.rows + begin) * bytes, n * bytes,
                  copy + member * n * bytes);
    }
    job->shape.rows = n;
    job->end = n;
    job->row_offset = begin;
  }
  return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {votes.value});
}

}  // namespace

void export_score(Napi::Env env, Napi::Object exports) {
  exports.Set("score", Napi::Function::New(env, score, "score"));
  exports.Set("scoreAsync", Napi::Function::New(env, score_async, "scoreAsync"));
  exports.Set("voteEntropy", Napi::Function::New(env, vote_entropy_sync, "voteEntropy"));
  exports.Set("voteEntropyAsync", Napi::Function::New(env, vote_entropy_async, "voteEntropyAsync"));
}

}  // namespace querent
