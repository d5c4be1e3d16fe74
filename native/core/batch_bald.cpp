#include <querent/batch_bald.h>
#include <querent/dispatch.h>
#include <querent/parallel.h>
#include <querent/philox.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>

#include "../kernels/scratch.h"
#include "../kernels/tables.h"

namespace querent {

size_t candidate_scratch_bytes(const PassesView& view) {
  Bump bump(nullptr);
  CandidateScratch::lay_out(bump, view.passes, view.cols);
  return bump.used();
}

namespace {

constexpr size_t kMeasuredRows = 256;              // rows of one task of the first look
constexpr size_t kTaskCandidates = 8;              // candidates that share a read of the configurations
constexpr size_t kRound = 64;                      // candidates between two looks at the bounds
constexpr size_t kBlockBytes = size_t{128} << 10;  // configurations that stay in the second-level cache
constexpr size_t kBlockGroups = 64;                // groups of one task when configurations are made
constexpr size_t kLanes = 64;
constexpr size_t kBoundGroups = 16;  // groups of averaged configurations that bound sampled gains

struct Free {
  void operator()(void* p) const { std::free(p); }
};
using Doubles = std::unique_ptr<double[], Free>;

Doubles zeros(size_t count) {
  const size_t bytes = (count * sizeof(double) + 63) / 64 * 64;
  void* memory = bytes / sizeof(double) < count ? nullptr : std::aligned_alloc(64, std::max<size_t>(bytes, 64));
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, bytes);
  return Doubles(static_cast<double*>(memory));
}

// The configurations of the picked rows; see kernels/joint_entropy.cpp. Weight of pass t in configuration m:
// weights[m / kJointLanes][t][m % kJointLanes].
struct Joint {
  size_t passes = 0;
  size_t count = 0;
  size_t groups = 0;
  Doubles weights;
  Doubles share;
  // What row sums beside 1 add to a gain: sum over t of slope_t (sum_t - 1). 0 for rows that sum to 1.
  std::vector<double> slope;

  Joint() = default;
  Joint(size_t passes_, size_t count_)
      : passes(passes_),
        count(count_),
        groups((count_ + kJointLanes - 1) / kJointLanes),
        weights(zeros(groups * passes_ * kJointLanes)),
        share(zeros(groups * kJointLanes)),
        slope(passes_) {}

  double* of(size_t m) const { return weights.get() + m / kJointLanes * passes * kJointLanes + m % kJointLanes; }
  JointView view() const { return {weights.get(), share.get(), passes}; }
};

struct Entry {
  double bound;  // on the gain; the gain itself once evaluated
  uint32_t row;
};
// For a heap with the largest bound on top.
bool comes_later(const Entry& a, const Entry& b) {
  return a.bound != b.bound ? a.bound < b.bound : a.row > b.row;
}

class BatchBald {
 public:
  BatchBald(const PassesSpec& spec, const PassesView& view, const BatchBaldOptions& options, const Control& control)
      : table_(current_level()), spec_(spec), view_(view), options_(options), control_(control) {
    note_level(table_);
  }

  BatchBaldPicks run() {
    list_candidates();
    if (!measure_rows()) return std::move(picks_);
    const size_t k = std::min(options_.k, entries_.size());
    // one class, or one pass: nothing can be learnt
    if (view_.cols == 1 || view_.passes == 1) {
      for (size_t i = 0; i < k; ++i) take(entries_[i].row, 0);
      return std::move(picks_);
    }
    for (size_t pick = 0; pick < k && !control_.stopped(); ++pick) {
      if (pick == 0) {
        evaluated_from_ = 0;
      } else {
        add_to_joint(picks_.indices.back());
        bound_by_averages();
        if (control_.stopped()) break;
        evaluate_candidates();
      }
      if (control_.stopped()) break;
      pick_best();
    }
    return std::move(picks_);
  }

 private:
  void list_candidates() {
    std::vector<bool> out(view_.rows);
    for (size_t i = 0; i < options_.excluded.count; ++i) out[options_.excluded.rows[i]] = true;
    entries_.reserve(view_.rows);
    for (size_t row = 0; row < view_.rows; ++row) {
      if (!out[row]) entries_.push_back({0, uint32_t(row)});
    }
  }

  // Expected entropies of all candidates, and BALD as the first gains. False when a row is unusable, or when stopped.
  bool measure_rows() {
    expected_.assign(view_.rows, 0);
    const size_t scratch_bytes = candidate_scratch_bytes(view_);
    std::mutex joining;
    int64_t bad = kNoRow;
    parallel_for((entries_.size() + kMeasuredRows - 1) / kMeasuredRows, options_.threads, [&](size_t task) {
      if (control_.stopped()) return;
      void* scratch = thread_scratch(scratch_bytes);
      double error = 0;
      int64_t first_bad = kNoRow;
      const size_t end = std::min(entries_.size(), (task + 1) * kMeasuredRows);
      for (size_t i = task * kMeasuredRows; i < end; ++i) {
        CandidateMeasures measures{};
        const uint32_t row = entries_[i].row;
        if (!table_.measure_candidate(spec_, view_, row, scratch, &measures)) {
          first_bad = row;
          break;
        }
        expected_[row] = measures.expected_entropy;
        entries_[i].bound = measures.entropy_of_mean - measures.expected_entropy;
        error = std::max(error, measures.sum_error);
      }
      const std::lock_guard lock(joining);
      sum_error_ = std::max(sum_error_, error);
      if (first_bad != kNoRow && (bad == kNoRow || first_bad < bad)) bad = first_bad;
    });
    picks_.bad_row = bad;
    return bad == kNoRow && !control_.stopped();
  }

  // One row of all passes [T, C].
  std::vector<double> load(uint32_t row) const {
    std::vector<double> probs(candidate_elements(view_.passes, view_.cols));
    std::vector<double> sums(view_.passes);
    table_.load_candidate(spec_, view_, row, thread_scratch(candidate_scratch_bytes(view_)), probs.data(), sums.data());
    return probs;
  }

  // Configurations of one row more: all of them while they fit, then samples.
  void add_to_joint(uint32_t row) {
    const size_t before = is_sampled_ ? 0 : std::max<size_t>(joint_.count, 1);
    if (!is_sampled_ && before <= options_.samples / view_.cols) {
      multiply_out(load(row));
      return;
    }
    if (!is_sampled_) {
      start_samples();
      for (size_t member = 0; member + 1 < picks_.indices.size(); ++member) {
        draw_classes(load(picks_.indices[member]), member);
      }
    }
    draw_classes(load(row), picks_.indices.size() - 1);
    finish([&](size_t m) { return -log_mass_[m] / double(joint_.count); });
  }

  // Every configuration m becomes C of them: m C + c.
  void multiply_out(const std::vector<double>& probs) {
    const size_t passes = view_.passes;
    const size_t cols = view_.cols;
    Joint before = std::move(joint_);
    if (before.count == 0) {
      before = Joint(passes, 1);
      for (size_t t = 0; t < passes; ++t) before.weights[t * kJointLanes] = 1 / double(passes);
      before.share[0] = 1;
    }
    joint_ = Joint(passes, before.count * cols);
    for_configurations([&](size_t m) {
      const double* old = before.of(m / cols);
      const double* p = probs.data() + m % cols;
      double* now = joint_.of(m);
      const double mass = reweigh(old, p, now);
      joint_.share[m] = before.share[m / cols] * mass;
    });
    log_mass_.assign(joint_.count, 0);
    logarithms(joint_.share.get(), log_mass_.data());
    finish([&](size_t m) { return joint_.share[m] > 0 ? -joint_.share[m] * log_mass_[m] : 0; });
  }

  // The same number of draws from every pass, so that together they are drawn from the mean over passes.
  void start_samples() {
    is_sampled_ = true;
    const size_t passes = view_.passes;
    const size_t per_pass = (options_.samples + passes - 1) / passes;
    joint_ = Joint();
    joint_ = Joint(passes, per_pass * passes);
    for (size_t m = 0; m < joint_.count; ++m) {
      double* weights = joint_.of(m);
      for (size_t t = 0; t < passes; ++t) weights[t * kJointLanes] = 1 / double(passes);
      joint_.share[m] = 1 / double(joint_.count);
    }
    log_mass_.assign(joint_.count, 0);
  }

  // The class of the picked row number `member` in every sampled configuration.
  void draw_classes(const std::vector<double>& probs, size_t member) {
    const size_t passes = view_.passes;
    const size_t cols = view_.cols;
    const size_t per_pass = joint_.count / passes;
    std::vector<double> running(passes * cols);
    for (size_t t = 0; t < passes; ++t) {
      double sum = 0;
      for (size_t c = 0; c < cols; ++c) running[t * cols + c] = sum += probs[t * cols + c];
    }
    std::vector<double> mass(joint_.count);
    for_configurations([&](size_t m) {
      const size_t pass = m / per_pass;
      const double* begin = running.data() + pass * cols;
      const double* end = begin + cols;
      const PhiloxWords words = philox(options_.seed, Stream::configurations, m | uint64_t{member} << 32);
      const double u = (double(words[0]) * 0x1p20 + double(words[1] >> 12) + 0.5) * 0x1p-52;
      const double* found = std::upper_bound(begin, end, u * end[-1]);
      if (found == end) found = std::lower_bound(begin, end, end[-1]);  // the last class that adds anything
      double* weights = joint_.of(m);
      mass[m] = reweigh(weights, probs.data() + (found - begin), weights);
    });
    std::vector<double> logs(joint_.count);
    logarithms(mass.data(), logs.data());
    for (size_t m = 0; m < joint_.count; ++m) log_mass_[m] += mass[m] > 0 ? logs[m] : 0;
  }

  // now_t = old_t p_t / sum over t of the same; returns that sum. Weights stay as they are where it is 0 in a sample,
  // which takes a drawn pass whose weight has underflowed, and become 0 in a configuration that cannot be.
  double reweigh(const double* old, const double* p, double* now) const {
    const size_t passes = view_.passes;
    double mass = 0;
    for (size_t t = 0; t < passes; ++t) mass += old[t * kJointLanes] * p[t * view_.cols];
    if (!(mass > 0)) return 0;
    for (size_t t = 0; t < passes; ++t) now[t * kJointLanes] = old[t * kJointLanes] * p[t * view_.cols] / mass;
    return mass;
  }

  template <class Body>
  void for_configurations(Body body) {
    const size_t step = kBlockGroups * kJointLanes;
    parallel_for((joint_.count + step - 1) / step, options_.threads, [&](size_t block) {
      if (control_.stopped()) return;
      const size_t end = std::min(joint_.count, (block + 1) * step);
      for (size_t m = block * step; m < end; ++m) body(m);
    });
  }

  void logarithms(const double* values, double* logs) {
    const size_t step = kBlockGroups * kJointLanes;
    parallel_for((joint_.count + step - 1) / step, options_.threads, [&](size_t block) {
      const size_t begin = block * step;
      table_.log_f64(values + begin, logs + begin, std::min(joint_.count - begin, step));
    });
  }

  // Adds up what a row sum of 1 + e in pass t adds to every gain: e times the sum over m of factor(m) weight_t.
  template <class Factor>
  void finish(Factor factor) {
    const size_t passes = view_.passes;
    const size_t step = kBlockGroups * kJointLanes;
    const size_t blocks = (joint_.count + step - 1) / step;
    std::vector<double> parts(blocks * passes);
    parallel_for(blocks, options_.threads, [&](size_t block) {
      double* part = parts.data() + block * passes;
      const size_t end = std::min(joint_.count, (block + 1) * step);
      for (size_t m = block * step; m < end; ++m) {
        const double scale = factor(m);
        const double* weights = joint_.of(m);
        for (size_t t = 0; t < passes; ++t) part[t] += scale * weights[t * kJointLanes];
      }
    });
    std::fill(joint_.slope.begin(), joint_.slope.end(), 0.0);
    for (size_t block = 0; block < blocks; ++block) {
      for (size_t t = 0; t < passes; ++t) joint_.slope[t] += parts[block * passes + t];
    }
  }

  // Gains of n entries under the configurations of `joint`, into their bounds.
  void evaluate(const Joint& joint, Entry* entries, size_t n) {
    const size_t passes = view_.passes;
    const size_t elements = candidate_elements(passes, view_.cols);
    const size_t scratch_bytes = (candidate_scratch_bytes(view_) + 63) / 64 * 64;
    const size_t per_candidate = elements + (passes + 7) / 8 * 8 + kLanes;
    const size_t block_groups = std::max<size_t>(1, kBlockBytes / (passes * kJointLanes * sizeof(double)));
    const JointView view = joint.view();
    parallel_for((n + kTaskCandidates - 1) / kTaskCandidates, options_.threads, [&](size_t task) {
      if (control_.stopped()) return;
      char* memory =
          static_cast<char*>(thread_scratch(scratch_bytes + kTaskCandidates * per_candidate * sizeof(double)));
      double* lanes = reinterpret_cast<double*>(memory + scratch_bytes);
      double* probs = lanes + kTaskCandidates * kLanes;
      double* sums = probs + kTaskCandidates * elements;
      Entry* own = entries + task * kTaskCandidates;
      const size_t count = std::min(n - task * kTaskCandidates, kTaskCandidates);
      for (size_t i = 0; i < count; ++i) {
        table_.load_candidate(spec_, view_, own[i].row, memory, probs + i * elements, sums + i * passes);
      }
      std::memset(lanes, 0, kTaskCandidates * kLanes * sizeof(double));
      for (size_t group = 0; group < joint.groups; group += block_groups) {
        if (control_.stopped()) return;
        const size_t end = std::min(joint.groups, group + block_groups);
        for (size_t i = 0; i < count; ++i) {
          table_.joint_entropies(view, group, end, probs + i * elements, view_.cols, lanes + i * kLanes);
        }
      }
      for (size_t i = 0; i < count; ++i) {
        double* lane = lanes + i * kLanes;
        for (size_t half = kLanes / 2; half > 0; half /= 2) {
          for (size_t j = 0; j < half; ++j) lane[j] += lane[j + half];
        }
        double gain = lane[0] - expected_[own[i].row];
        for (size_t t = 0; t < passes; ++t) gain += joint_.slope[t] * (sums[i * passes + t] - 1);
        own[i].bound = std::isfinite(gain) ? gain : HUGE_VAL;
      }
    });
  }

  // How far a gain may lie above an earlier one of the same row. Gains of true distributions never rise. A row sum
  // within e of 1 moves a joint probability of b rows by at most the factor 1 + E, E = (1 + e)^b - 1; and with it each
  // of the three entropies that make a gain by at most E (b ln C + 1 + E), at both times.
  double slack(size_t batch) const {
    double factor = 1;
    for (size_t i = 0; i < batch; ++i) factor *= 1 + sum_error_;
    const double e = factor - 1;
    return 6 * e * (double(batch) * std::log(double(view_.cols)) + 1 + e);
  }

  // Evaluates in the order of the bounds until no row that is left can be as good as the best one, rounding included.
  // The evaluated entries end up behind the others.
  void evaluate_candidates() {
    const double allowance = 2 * kEqualGains + (is_sampled_ ? 0 : slack(picks_.indices.size() + 1));
    std::make_heap(entries_.begin(), entries_.end(), comes_later);
    evaluated_from_ = entries_.size();
    double best = -HUGE_VAL;
    while (evaluated_from_ > 0 && !control_.stopped()) {
      const size_t end = evaluated_from_;
      while (evaluated_from_ > 0 && end - evaluated_from_ < kRound && !(entries_[0].bound + allowance < best)) {
        std::pop_heap(entries_.begin(), entries_.begin() + ptrdiff_t(evaluated_from_), comes_later);
        --evaluated_from_;
      }
      if (evaluated_from_ == end) return;
      evaluate(joint_, entries_.data() + evaluated_from_, end - evaluated_from_);
      picks_.evaluations += end - evaluated_from_;
      for (size_t i = evaluated_from_; i < end; ++i) best = std::max(best, entries_[i].bound);
    }
  }

  // Bounds that need no earlier gains, which sampled ones may exceed. -r ln r is concave, so configurations that are
  // averaged can only raise the sum: a few averages of alike configurations bound it for a fraction of the work.
  void bound_by_averages() {
    const size_t passes = view_.passes;
    const size_t wanted = kBoundGroups * kJointLanes;
    if (joint_.count < 4 * wanted) {
      for (Entry& entry : entries_) entry.bound = is_sampled_ ? HUGE_VAL : entry.bound;
      return;
    }
    std::vector<uint32_t> order(joint_.count);
    std::vector<uint32_t> top(joint_.count);
    for (size_t m = 0; m < joint_.count; ++m) {
      const double* weights = joint_.of(m);
      size_t best = 0;
      for (size_t t = 1; t < passes; ++t) best = weights[t * kJointLanes] > weights[best * kJointLanes] ? t : best;
      order[m] = uint32_t(m);
      top[m] = uint32_t(best);
    }
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      if (top[a] != top[b]) return top[a] < top[b];
      const double wa = joint_.of(a)[top[a] * kJointLanes];
      const double wb = joint_.of(b)[top[b] * kJointLanes];
      return wa != wb ? wa < wb : a < b;
    });
    Joint averages(passes, wanted);
    averages.slope = joint_.slope;
    for (size_t g = 0; g < wanted; ++g) {
      const size_t end = joint_.count * (g + 1) / wanted;
      double* to = averages.of(g);
      double share = 0;
      for (size_t i = joint_.count * g / wanted; i < end; ++i) {
        const double* weights = joint_.of(order[i]);
        const double own = joint_.share[order[i]];
        share += own;
        for (size_t t = 0; t < passes; ++t) to[t * kJointLanes] += own * weights[t * kJointLanes];
      }
      for (size_t t = 0; t < passes && share > 0; ++t) to[t * kJointLanes] /= share;
      averages.share[g] = share;
    }
    std::vector<Entry> bounded = entries_;
    evaluate(averages, bounded.data(), bounded.size());
    for (size_t i = 0; i < entries_.size(); ++i) {
      entries_[i].bound = is_sampled_ ? bounded[i].bound : std::min(entries_[i].bound, bounded[i].bound);
    }
  }

  // The score of the rows behind the sampled configurations: a draw from pass t tells ln(T weight_t) about the pass,
  // which is never above ln T. Sums of gains would not do: each is the largest of many noisy numbers, so they drift
  // upwards.
  double sampled_score() {
    const size_t passes = view_.passes;
    const size_t per_pass = joint_.count / passes;
    std::vector<double> told(joint_.count);
    for (size_t m = 0; m < joint_.count; ++m) {
      const double weight = joint_.of(m)[m / per_pass * kJointLanes];
      told[m] = double(passes) * std::max(weight, 0x1p-1022);
    }
    logarithms(told.data(), told.data());
    double sum = 0;
    for (const double nats : told) sum += nats;
    return sum / double(joint_.count);
  }

  // Takes the lowest row among the evaluated entries that are as good as the best one.
  void pick_best() {
    double best = -HUGE_VAL;
    for (size_t i = evaluated_from_; i < entries_.size(); ++i) best = std::max(best, entries_[i].bound);
    size_t found = entries_.size();
    for (size_t i = evaluated_from_; i < entries_.size(); ++i) {
      const bool ties = entries_[i].bound >= best - kEqualGains;
      if (ties && (found == entries_.size() || entries_[i].row < entries_[found].row)) found = i;
    }
    const Entry winner = entries_[found];
    entries_[found] = entries_.back();
    entries_.pop_back();
    take(winner.row, std::fabs(winner.bound) <= kEqualGains ? 0 : winner.bound);
  }

  void take(uint32_t row, double gain) {
    const double last = picks_.scores.empty() ? 0 : picks_.scores.back();
    const double known = is_sampled_ ? sampled_score() : last;
    picks_.indices.push_back(row);
    picks_.scores.push_back(known + gain);
    picks_.gains.push_back(is_sampled_ ? known + gain - last : gain);
    control_.done(picks_.indices.size());
  }

  const KernelTable& table_;
  const PassesSpec& spec_;
  const PassesView& view_;
  const BatchBaldOptions& options_;
  const Control& control_;
  std::vector<Entry> entries_;    // rows that may still be picked
  size_t evaluated_from_ = 0;     // entries from here on hold gains, not bounds
  std::vector<double> expected_;  // [N] mean over passes of the entropy
  double sum_error_ = 0;
  Joint joint_;
  std::vector<double> log_mass_;  // ln q of every configuration
  bool is_sampled_ = false;
  BatchBaldPicks picks_;
};

}  // namespace

BatchBaldPicks batch_bald(const PassesSpec& spec, const PassesView& view, const BatchBaldOptions& options,
                          const Control& control) {
  return BatchBald(spec, view, options, control).run();
}

}  // namespace querent
