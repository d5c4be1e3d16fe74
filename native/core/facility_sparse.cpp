#include <querent/parallel.h>

#include <algorithm>
#include <new>

#include "facility_parts.h"
#include "neighbours.h"

namespace querent {
namespace {

// Only the nearest columns of each row count. Everything is exact from the start: a gain is one pass over the rows that
// hold the column.
class SparseFacility {
 public:
  SparseFacility(const KernelTable& table, const PairRows& rows, size_t neighbours, unsigned threads, Control control)
      : table_(table), rows_(rows), neighbours_(neighbours), threads_(threads), control_(control) {}

  void run(size_t k, FacilityResult& result) {
    find_neighbours();
    if (control_.stopped()) return;
    const size_t n = rows_.rows();
    nearest_.assign(n, diameter_.value());
    std::vector<uint32_t> exact_round(n, 0);
    std::vector<Waiting> entries(n);
    constexpr size_t kStep = 256;
    parallel_for((n + kStep - 1) / kStep, threads_, [&](size_t block) {
      for (size_t row = block * kStep; row < std::min(n, (block + 1) * kStep); ++row) {
        entries[row] = {exact_gain(row), uint32_t(row)};
      }
    });
    WaitingRows heap;
    heap.start(std::move(entries));
    while (result.rows.size() < k && !control_.stopped()) {
      const auto round = uint32_t(result.rows.size());
      Waiting top = heap.pop();
      while (exact_round[top.row] != round) {
        exact_round[top.row] = round;
        heap.push({exact_gain(top.row), top.row});
        top = heap.pop();
      }
      result.rows.push_back(top.row);
      result.gains.push_back(top.bound);
      for (size_t e = starts_[top.row]; e < starts_[top.row + 1]; ++e) {
        double& nearest = nearest_[holders_.data()[e]];
        nearest = std::min(nearest, distances_.data()[e]);
      }
      control_.done(result.rows.size());
    }
  }

 private:
  void find_neighbours() {
    const size_t n = rows_.rows();
    const size_t m = neighbours_;
    size_t entries = 0;
    if (__builtin_mul_overflow(n, m, &entries)) throw std::bad_alloc();
    LargeArray<uint32_t> columns(entries);  // [N, m]
    LargeArray<double> distances(entries);
    nearest_rows(
        table_, rows_, m, threads_, control_,
        [this](const BoundFrame& frame, const BoundPoints& bounds, size_t row, size_t col, float largest,
               const float* tile) { diameter_.look(frame, bounds, row, col, largest, tile, BoundPoints::kBlock); },
        columns.data(), distances.data());
    if (control_.stopped()) return;
    starts_.assign(n + 1, 0);
    for (size_t e = 0; e < entries; ++e) ++starts_[columns.data()[e] + 1];
    for (size_t j = 0; j < n; ++j) starts_[j + 1] += starts_[j];
    holders_ = LargeArray<uint32_t>(entries);
    distances_ = LargeArray<double>(entries);
    std::vector<size_t> next(starts_.begin(), starts_.end() - 1);
    for (size_t e = 0; e < entries; ++e) {
      const size_t at = next[columns.data()[e]]++;
      holders_.data()[at] = uint32_t(e / m);
      distances_.data()[at] = distances.data()[e];
    }
  }

  double exact_gain(size_t row) const {
    GainLanes lanes;
    for (size_t e = starts_[row]; e < starts_[row + 1]; ++e) {
      const uint32_t holder = holders_.data()[e];
      const double gain = nearest_[holder] - distances_.data()[e];
      lanes.add(holder, gain > 0 ? gain : 0);
    }
    return lanes.sum();
  }

  const KernelTable& table_;
  const PairRows& rows_;
  size_t neighbours_;
  unsigned threads_;
  Control control_;
  Diameter diameter_{rows_};
  std::vector<double> nearest_;
  std::vector<size_t> starts_;  // column j is held by holders_[starts_[j] .. starts_[j + 1]), in row order
  LargeArray<uint32_t> holders_;
  LargeArray<double> distances_;
};

}  // namespace

void sparse_facility(const KernelTable& table, const PairRows& rows, size_t neighbours, size_t k, unsigned threads,
                     Control control, FacilityResult& result) {
  SparseFacility(table, rows, neighbours, threads, control).run(k, result);
}

}  // namespace querent
