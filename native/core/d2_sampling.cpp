// Sampling in proportion to the squared distance to the nearest centre, many picks to a pass over the pool.
//
// A draw comes from the distances of the last pass, which are upper bounds, and is accepted with probability
// (distance now) / (distance then). What is accepted has exactly the distribution of the loop that updates every
// distance after every pick; only the stream of random numbers differs.
#include <querent/parallel.h>
#include <querent/philox.h>
#include <querent/sample.h>
#include <querent/select.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "gradient_factors.h"
#include "nearest.h"
#include "remaining.h"

namespace querent {
namespace {

constexpr size_t kSumRows = 1024;       // rows of one partial sum: part of the definition of the draws
constexpr size_t kMostPending = 64;     // picks between two passes: part of it, too
constexpr size_t kMostRejections = 64;  // the distances of the last pass are then too old: likewise
static_assert(kMostPending <= Nearest::kMostCentres);

// A multiple of 2^-53 in [0, 1).
double unit(uint32_t high, uint32_t low) {
  return (double(high >> 5) * 0x1p26 + double(low >> 6)) * 0x1p-53;
}

class D2Sampler {
 public:
  D2Sampler(Nearest& nearest, uint64_t seed, const Control& control)
      : nearest_(nearest), seed_(seed), control_(control), sums_((nearest.points().rows + kSumRows - 1) / kSumRows) {}

  void add(uint32_t centre) { pending_.push_back(centre); }

  // Brings distances and sums up to date. False when stopped.
  bool refresh() {
    if (!nearest_.add(pending_.data(), pending_.size(), control_)) return false;
    pending_.clear();
    rejections_ = 0;
    const double* weights = nearest_.distances();
    const size_t rows = nearest_.points().rows;
    parallel_for(sums_.size(), nearest_.threads(), [&](size_t block) {
      double sum = 0;
      const size_t end = std::min(rows, (block + 1) * kSumRows);
      for (size_t r = block * kSumRows; r < end; ++r) sum += weights[r];
      sums_[block] = sum;
    });
    total_ = 0;
    for (const double sum : sums_) total_ += sum;
    return true;
  }

  double total() const { return total_; }

  // Draws pick number `pick`. False when stopped, or when no row has any distance left.
  bool draw(size_t pick, uint32_t* row) {
    for (uint32_t attempt = 0;; ++attempt) {
      if (pending_.size() == kMostPending || rejections_ == kMostRejections) {
        if (!refresh()) return false;
      }
      if (!(total_ > 0) || std::isinf(total_)) return false;
      const PhiloxWords words = philox(seed_, {uint32_t(pick), attempt, uint32_t(Stream::d2_sample), 0});
      const uint32_t proposed = propose(unit(words[0], words[1]) * total_);
      const double then = nearest_.distances()[proposed];
      double now = then;
      for (const uint32_t centre : pending_) now = std::min(now, nearest_.exact(proposed, centre));
      if (unit(words[2], words[3]) * then < now) {
        *row = proposed;
        return true;
      }
      ++rejections_;
      if (control_.stopped()) return false;
    }
  }

 private:
  // The row in which the running sum of distances passes the target.
  uint32_t propose(double target) const {
    const double* weights = nearest_.distances();
    const size_t rows = nearest_.points().rows;
    double before = 0;
    size_t block = 0;
    size_t last = 0;
    for (; block < sums_.size(); ++block) {
      if (target < before + sums_[block]) break;
      before += sums_[block];
      if (sums_[block] > 0) last = block;
    }
    const bool found = block < sums_.size();
    if (!found) block = last;
    const double rest = target - before;
    double sum = 0;
    size_t row = block * kSumRows;
    size_t positive = row;
    for (const size_t end = std::min(rows, row + kSumRows); row < end; ++row) {
      if (!(weights[row] > 0)) continue;
      positive = row;
      sum += weights[row];
      if (found && rest < sum) break;
    }
    return uint32_t(positive);
  }

  Nearest& nearest_;
  const uint64_t seed_;
  const Control& control_;
  std::vector<uint32_t> pending_;
  std::vector<double> sums_;
  double total_ = 0;
  size_t rejections_ = 0;
};

// Draws until there are k picks; `selection` may hold the first one.
void sample(Nearest& nearest, D2Sampler& sampler, RowList excluded, size_t k, const Control& control,
            Selection& selection) {
  if (selection.rows.size() >= k) return;
  for (const uint32_t row : selection.rows) sampler.add(row);
  if (!sampler.refresh()) return;
  while (selection.rows.size() < k) {
    uint32_t row = 0;
    if (!sampler.draw(selection.rows.size(), &row)) {
      if (control.stopped()) return;
      take_lowest_remaining(nearest.points().rows, excluded, k, selection.rows);
      break;
    }
    selection.rows.push_back(row);
    sampler.add(row);
    control.done(selection.rows.size());
  }
}

}  // namespace

Selection k_means_plus_plus(const MatrixView& points, RowList labeled, size_t k, uint64_t seed, unsigned threads,
                            const Control& control) {
  Selection selection;
  Nearest nearest(points, Geometry::euclidean, {}, threads);
  selection.bad_row = nearest.prepare();
  if (selection.bad_row != kNoRow || k == 0) return selection;
  if (labeled.count > 0) {
    if (!add_centres(nearest, labeled, control)) return selection;
  } else {
    selection.rows.resize(1);
    sample_uniform(uint32_t(points.rows), 1, seed, selection.rows.data());
  }
  D2Sampler sampler(nearest, seed, control);
  sample(nearest, sampler, labeled, k, control, selection);
  return selection;
}

Selection badge(const Predictions& predictions, const MatrixView& points, RowList excluded, size_t k, uint64_t seed,
                unsigned threads, const Control& control) {
  Selection selection;
  std::vector<float> factors(predictions.view.rows * predictions.view.cols);
  selection.bad_row = gradient_factors(predictions, threads, factors.data());
  selection.bad_prediction = selection.bad_row != kNoRow;
  if (selection.bad_prediction) return selection;
  Nearest nearest(points, Geometry::gradient, {factors.data(), predictions.view.cols}, threads);
  selection.bad_row = nearest.prepare();
  if (selection.bad_row != kNoRow || k == 0) return selection;
  for (size_t i = 0; i < excluded.count; ++i) nearest.retire(excluded.rows[i]);
  double longest = -1;
  for (uint32_t row = 0; row < points.rows; ++row) {
    if (nearest.distances()[row] == 0 || !(nearest.norm(row) > longest)) continue;
    longest = nearest.norm(row);
    selection.rows.assign(1, row);
  }
  D2Sampler sampler(nearest, seed, control);
  sample(nearest, sampler, excluded, k, control, selection);
  return selection;
}

}  // namespace querent
