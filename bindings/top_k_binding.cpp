#include <mutex>

#include "score_arguments.h"

namespace querent {
namespace {

void write_result(const Arguments& arguments, const TopK& top, const View& indices, const View& scores) {
  const size_t count = top.size();
  if (indices.type != napi_uint32_array) arguments.fail("outIndices is not a Uint32Array");
  require_length(arguments, indices, count, "outIndices");
  const ScoresOut out = scores_out(arguments, scores, count, "outScores");
  std::vector<double> values(count);
  top.result(static_cast<uint32_t*>(indices.data), values.data());
  for (size_t i = 0; i < count; ++i) {
    if (out.is_double) {
      static_cast<double*>(out.data)[i] = values[i];
    } else {
      static_cast<float*>(out.data)[i] = float(values[i]);
    }
  }
}

Napi::Value outcome(Napi::Env env, int64_t invalid, size_t eligible) {
  Napi::Object answer = Napi::Object::New(env);
  answer.Set("invalidRow", Napi::Number::New(env, double(invalid)));
  answer.Set("eligible", Napi::Number::New(env, double(eligible)));
  return answer;
}

struct Ranking {
  size_t k;
  TieBreak tie_break;
  uint64_t seed;
};

Ranking ranking(Arguments& arguments) {
  Ranking r{};
  r.k = arguments.size("k");
  r.tie_break = arguments.code<TieBreak>("tieBreak", 2);
  r.seed = arguments.seed("seed");
  return r;
}

void add_scores(const Arguments& arguments, const void* data, bool is_double, size_t n, size_t offset, unsigned threads,
                Excluded excluded, TopK& top, const Ranking& r) {
  if (offset + n > 0xffffffffu) arguments.fail("row numbers must stay below 2^32 - 1");
  if (is_double) {
    scores_into_top_k(static_cast<const double*>(data), n, threads, uint32_t(offset), excluded, top, r.k, r.tie_break,
                      r.seed);
  } else {
    scores_into_top_k(static_cast<const float*>(data), n, threads, uint32_t(offset), excluded, top, r.k, r.tie_break,
                      r.seed);
  }
}

// topK(scores, k, tieBreak, seed, exclude, threads, outIndices, outScores): TopKOutcome
Napi::Value top_k(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const View view = arguments.view("scores");
  const ScoresOut scores = scores_out(arguments, view, 0, "scores");
  const Ranking r = ranking(arguments);
  const auto exclude = arguments.optional_view("exclude");
  const auto threads = unsigned(arguments.size("threads"));
  TopK top(r.k, r.tie_break, r.seed);
  add_scores(arguments, scores.data, scores.is_double, view.length, 0, threads, excluded_rows(arguments, exclude), top,
             r);
  const View indices = arguments.view("outIndices");
  const View out = arguments.view("outScores");
  write_result(arguments, top, indices, out);
  return outcome(info.Env(), kNoRow, top.size());
}

// scoreTopK(data, dtype, …, tolerance, k, tieBreak, seed, exclude, threads, outIndices, outScores): TopKOutcome
Napi::Value score_top_k(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const ScoreInput input = score_input(arguments, arguments.view("data"));
  const Ranking r = ranking(arguments);
  const auto exclude = arguments.optional_view("exclude");
  const auto threads = unsigned(arguments.size("threads"));
  const View indices = arguments.view("outIndices");
  const View out = arguments.view("outScores");
  TopK top(r.k, r.tie_break, r.seed);
  const int64_t invalid = score_into_top_k(input.spec, input.matrix, threads, 0, excluded_rows(arguments, exclude), top,
                                           r.k, r.tie_break, r.seed);
  write_result(arguments, top, indices, out);
  return outcome(info.Env(), invalid, top.size());
}

// Shared by the JavaScript object and the jobs that still add to it.
struct SharedTopK {
  Ranking ranking;
  std::mutex mutex;
  TopK top;
  explicit SharedTopK(const Ranking& r) : ranking(r), top(r.k, r.tie_break, r.seed) {}

  void merge(const TopK& other) {
    const std::lock_guard lock(mutex);
    top.merge(other);
  }
};

struct AddJob final : Job {
  std::shared_ptr<SharedTopK> state;
  BlockMemory memory;
  std::vector<uint32_t> exclude;
  size_t offset = 0;
  bool scores_only = false;
  // scores_only
  bool is_double = false;
  size_t count = 0;
  // rows to score
  ScoreSpec spec{};
  MatrixView matrix{};
  int64_t invalid = kNoRow;

  void work() override {
    const Ranking& r = state->ranking;
    TopK own(r.k, r.tie_break, r.seed);
    const Excluded excluded{exclude.data(), exclude.size()};
    if (!scores_only) {
      invalid = score_into_top_k(spec, matrix, 1, uint32_t(offset), excluded, own, r.k, r.tie_break, r.seed);
    } else if (is_double) {
      own.add(static_cast<const double*>(memory.data()), count, uint32_t(offset), excluded);
    } else {
      own.add(static_cast<const float*>(memory.data()), count, uint32_t(offset), excluded);
    }
    state->merge(own);
  }

  Napi::Value result(Napi::Env env) override {
    if (scores_only) return env.Undefined();
    Napi::Object answer = Napi::Object::New(env);
    answer.Set("invalidRow", Napi::Number::New(env, double(invalid)));
    return answer;
  }
};

class TopKState : public Napi::ObjectWrap<TopKState> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "TopKState",
        {InstanceMethod<&TopKState::add>("add"), InstanceMethod<&TopKState::add_async>("addAsync"),
         InstanceMethod<&TopKState::add_rows_async>("addRowsAsync"), InstanceMethod<&TopKState::eligible>("eligible"),
         InstanceMethod<&TopKState::result>("result")});
  }

  // (k, tieBreak, seed)
  explicit TopKState(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TopKState>(info) {
    Arguments arguments(info);
    state_ = std::make_shared<SharedTopK>(ranking(arguments));
  }

 private:
  // add(scores, offset, exclude, threads): void
  Napi::Value add(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    const View view = arguments.view("scores");
    const ScoresOut scores = scores_out(arguments, view, 0, "scores");
    const size_t offset = arguments.size("offset");
    const auto exclude = arguments.optional_view("exclude");
    const auto threads = unsigned(arguments.size("threads"));
    const std::lock_guard lock(state_->mutex);
    add_scores(arguments, scores.data, scores.is_double, view.length, offset, threads,
               excluded_rows(arguments, exclude), state_->top, state_->ranking);
    return info.Env().Undefined();
  }

  void take_exclude(Arguments& arguments, AddJob& job, size_t rows) {
    const auto view = arguments.optional_view("exclude");
    const Excluded all = excluded_rows(arguments, view);
    for (size_t i = 0; i < all.count; ++i) {
      if (all.rows[i] >= job.offset && all.rows[i] < job.offset + rows) job.exclude.push_back(all.rows[i]);
    }
    if (job.offset + rows > 0xffffffffu) arguments.fail("row numbers must stay below 2^32 - 1");
  }

  // addAsync(scores, shared, offset, exclude): Promise<void>
  Napi::Value add_async(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    const View view = arguments.view("scores");
    const bool shared = arguments.boolean("shared");
    const ScoresOut scores = scores_out(arguments, view, 0, "scores");
    auto job = std::make_unique<AddJob>();
    job->state = state_;
    job->scores_only = true;
    job->is_double = scores.is_double;
    job->count = view.length;
    job->offset = arguments.size("offset");
    take_exclude(arguments, *job, view.length);
    job->memory.hold(view.data, view.length * view.element_bytes(), shared);
    return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {view.value});
  }

  // addRowsAsync(data, shared, dtype, …, tolerance, offset, exclude): Promise<{invalidRow}>
  Napi::Value add_rows_async(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    View view = arguments.view("data");
    const bool shared = arguments.boolean("shared");
    const ScoreInput input = score_input(arguments, std::move(view));
    auto job = std::make_unique<AddJob>();
    job->state = state_;
    job->spec = input.spec;
    job->offset = arguments.size("offset");
    take_exclude(arguments, *job, input.matrix.rows);
    job->matrix = hold_matrix(input, shared, job->memory);
    return JobQueue::of(info.Env()).submit(info.Env(), std::move(job), {input.view.value});
  }

  Napi::Value eligible(const Napi::CallbackInfo& info) {
    const std::lock_guard lock(state_->mutex);
    return Napi::Number::New(info.Env(), double(state_->top.size()));
  }

  // result(outIndices, outScores): number
  Napi::Value result(const Napi::CallbackInfo& info) {
    Arguments arguments(info);
    const View indices = arguments.view("outIndices");
    const View scores = arguments.view("outScores");
    const std::lock_guard lock(state_->mutex);
    write_result(arguments, state_->top, indices, scores);
    return Napi::Number::New(info.Env(), double(state_->top.size()));
  }

  std::shared_ptr<SharedTopK> state_;
};

}  // namespace

void export_top_k(Napi::Env env, Napi::Object exports) {
  exports.Set("topK", Napi::Function::New(env, top_k, "topK"));
  exports.Set("scoreTopK", Napi::Function::New(env, score_top_k, "scoreTopK"));
  exports.Set("TopKState", TopKState::define(env));
}

}  // namespace querent
