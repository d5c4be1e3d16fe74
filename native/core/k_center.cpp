// Farthest-first traversal, many picks to a pass over the pool.
//
// A row's distance only falls. Among the kCandidates rows of largest distance the plain greedy loop runs by itself: as
// long as its best candidate is ahead of every row outside, whose distances of before the pass are upper bounds, it is
// the row that the loop over the whole pool would take. Then all pending picks meet the pool in one pass.
#include <querent/select.h>
#include <querent/top_k.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "nearest.h"
#include "remaining.h"

namespace querent {
namespace {

constexpr size_t kCandidates = 256;

// Farther first, the lower row first among equals.
bool ahead(double distance, uint32_t row, double other_distance, uint32_t other_row) {
  return distance != other_distance ? distance > other_distance : row < other_row;
}

class FarthestFirst {
 public:
  FarthestFirst(Nearest& nearest, size_t k, const Control& control, Selection& selection)
      : nearest_(nearest), k_(k), control_(control), selection_(selection) {}

  void pick(uint32_t row, double distance) {
    selection_.rows.push_back(row);
    selection_.distances.push_back(distance);
    pending_.push_back(row);
  }

  // Brings all distances up to date. False when stopped.
  bool apply() {
    const bool complete = nearest_.add(pending_.data(), pending_.size(), control_);
    pending_.clear();
    control_.done(selection_.rows.size());
    return complete;
  }

  bool finished() const { return selection_.rows.size() >= k_; }

  // Picks at least one row, or none when every distance is 0.
  void greedy_among_farthest() {
    const size_t rows = nearest_.points().rows;
    TopK farthest(kCandidates + 1, TieBreak::index, 0);
    farthest.add(nearest_.distances(), rows, 0, {});
    const size_t count = farthest.size();
    rows_.resize(count);
    distance_.resize(count);
    farthest.result(rows_.data(), distance_.data());
    const bool all = count <= kCandidates;
    const size_t size = all ? count : kCandidates;
    const double rival_distance = all ? -1 : distance_[size];
    const uint32_t rival_row = all ? 0 : rows_[size];
    bool packed = false;
    hits_.resize(size + 1);
    while (!finished() && pending_.size() < Nearest::kMostCentres) {
      size_t best = 0;
      for (size_t j = 1; j < size; ++j) {
        if (ahead(distance_[j], rows_[j], distance_[best], rows_[best])) best = j;
      }
      const double distance = distance_[best];
      const uint32_t row = rows_[best];
      if (!(distance > 0) || (!all && !ahead(distance, row, rival_distance, rival_row))) return;
      pick(row, distance);
      if (finished() || pending_.size() == Nearest::kMostCentres) return;
      if (!packed) panels_.pack(nearest_, rows_.data(), size);
      packed = true;
      const size_t closer = panels_.closer(nearest_, row, distance_.data(), hits_.data());
      for (size_t i = 0; i < closer; ++i) {
        const size_t j = hits_[i];
        distance_[j] = std::min(distance_[j], nearest_.exact(rows_[j], row));
      }
      distance_[best] = 0;
    }
  }

 private:
  Nearest& nearest_;
  const size_t k_;
  const Control& control_;
  Selection& selection_;
  std::vector<uint32_t> pending_;
  Nearest::Panels panels_;
  std::vector<uint32_t> rows_;
  std::vector<double> distance_;
  std::vector<uint32_t> hits_;
};

}  // namespace

Selection k_center(const MatrixView& points, Metric metric, RowList labeled, uint32_t first, size_t k, unsigned threads,
                   const Control& control) {
  const bool euclidean = metric == Metric::euclidean;
  Selection selection;
  Nearest nearest(points, euclidean ? Geometry::euclidean : Geometry::cosine, {}, threads);
  selection.bad_row = nearest.prepare();
  if (selection.bad_row != kNoRow) return selection;
  FarthestFirst greedy(nearest, k, control, selection);
  bool going = add_centres(nearest, labeled, control);
  if (labeled.count == 0 && k > 0) {
    greedy.pick(first, std::numeric_limits<double>::infinity());
    going = greedy.apply();
  }
  while (going && !greedy.finished()) {
    const size_t before = selection.rows.size();
    greedy.greedy_among_farthest();
    if (selection.rows.size() == before) break;
    going = greedy.apply();
  }
  if (going && !greedy.finished()) {
    take_lowest_remaining(points.rows, labeled, k, selection.rows);
    selection.distances.resize(selection.rows.size(), 0);
  }
  const double* distances = nearest.distances();
  selection.covering_radius = points.rows == 0 ? 0 : *std::max_element(distances, distances + points.rows);
  if (euclidean) {
    for (double& distance : selection.distances) distance = std::sqrt(distance);
    selection.covering_radius = std::sqrt(selection.covering_radius);
  }
  return selection;
}

}  // namespace querent
