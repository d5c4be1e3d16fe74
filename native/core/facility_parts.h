// What dense and sparse facility location share: exact gains, the largest distance of all pairs, and the queue of rows.
#pragma once

#include <querent/control.h>
#include <querent/facility.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "bound_rows.h"
#include "pair_rows.h"

namespace querent {

// Exact gains: lane i mod 64 takes row i, in row order; lanes fold by halves.
class GainLanes {
 public:
  void add(size_t row, double gain) { lanes_[row % kLanes] += gain; }
  double sum() {
    for (size_t n = kLanes / 2; n > 0; n /= 2) {
      for (size_t j = 0; j < n; ++j) lanes_[j] += lanes_[j + n];
    }
    return lanes_[0];
  }

 private:
  static constexpr size_t kLanes = 64;
  double lanes_[kLanes] = {};
};

// The largest squared distance of any pair, found along the way: tiles whose bounds stay below it cost nothing.
class Diameter {
 public:
  explicit Diameter(const PairRows& rows);

  double value() const { return most_.load(); }

  // Looks through a tile of bounds whose largest is `most`.
  void look(const BoundFrame& frame, const BoundPoints& bounds, size_t row, size_t col, float most, const float* tile,
            size_t stride);

 private:
  void take(double distance);

  const PairRows& rows_;
  std::atomic<double> most_;
};

// Rows waiting to be looked at, the one with the largest bound on top, the lowest row among equals.
struct Waiting {
  double bound;
  uint32_t row;
  bool operator<(const Waiting& other) const { return bound != other.bound ? bound < other.bound : row > other.row; }
};

class WaitingRows {
 public:
  void start(std::vector<Waiting> entries) {
    entries_ = std::move(entries);
    std::make_heap(entries_.begin(), entries_.end());
  }
  bool empty() const { return entries_.empty(); }
  Waiting pop() {
    std::pop_heap(entries_.begin(), entries_.end());
    const Waiting top = entries_.back();
    entries_.pop_back();
    return top;
  }
  void push(Waiting entry) {
    entries_.push_back(entry);
    std::push_heap(entries_.begin(), entries_.end());
  }

 private:
  std::vector<Waiting> entries_;
};

// Only the `neighbours` nearest columns of each row count; fewer than there are rows.
void sparse_facility(const KernelTable& table, const PairRows& rows, size_t neighbours, size_t k, unsigned threads,
                     Control control, FacilityResult& result);

}  // namespace querent
