// Lazy greedy (Minoux: Accelerated greedy algorithms for maximizing submodular set functions. 1978) for facility
// location.
//
// With m_i = the distance of row i to its nearest pick (before any: the largest distance of all pairs), the gain of a
// row j is the sum over i of max(0, m_i - d_ij): similarities are never formed. Decisions are made on exact gains,
// which are sums of exact distances in a fixed order. What makes it fast is a matrix of f32 lower bounds of the
// distances, filled like a matrix product: an upper bound of a gain is one pass over a row of it, and only rows i whose
// bound is below m_i need an exact distance. How tight the bounds are changes the work, never the result.
#include <querent/dispatch.h>
#include <querent/facility.h>
#include <querent/parallel.h>

#include <algorithm>
#include <cmath>

#include "bound_rows.h"
#include "facility_parts.h"
#include "pair_rows.h"

namespace querent {
namespace {

constexpr size_t kBlock = BoundPoints::kBlock;
constexpr size_t kGrain = 64;            // bound_gain takes whole multiples
constexpr double kGainSlack = 1 + 2e-5;  // its rounding, and that of exact gains
constexpr size_t kParallelBounds = 64;   // stale bounds renewed at a time when there is more than one thread

constexpr size_t round_up(size_t n, size_t step) {
  return (n + step - 1) / step * step;
}

// All similarities count.
class DenseFacility {
 public:
  DenseFacility(const KernelTable& table, const PairRows& rows, unsigned threads, Control control)
      : table_(table), rows_(rows), threads_(threads == 0 ? hardware_threads() : threads), control_(control) {
    stride_ = round_up(round_up(std::max<size_t>(rows.rows(), 1), kBlock), kGrain);
    if (stride_ * sizeof(float) % 4096 == 0) stride_ += kGrain;
    bounds_ = LargeArray<float>(stride_ * round_up(std::max<size_t>(rows.rows(), 1), kBlock));
    x_.resize(rows.cols());
    near_.resize(rows.rows());
    near_distances_.resize(rows.rows());
  }

  void run(size_t k, FacilityResult& result) {
    const size_t n = rows_.rows();
    {
      const BoundFrame frame(table_, rows_, threads_);
      const BoundPoints points(frame, rows_, BoundPoints::kBoth, threads_);
      unit_ = frame.unit();
      guess_first(frame, points);
      fill_from_products(frame, points);
    }
    if (control_.stopped()) return;
    const double largest = diameter_.value();
    nearest_.assign(n, largest);
    reach_.assign(stride_, -HUGE_VALF);
    std::fill(reach_.begin(), reach_.begin() + ptrdiff_t(n), float_above(largest / unit_));
    picked_.assign(n, 0);
    bound_round_.assign(n, 0);
    exact_round_.assign(n, kNever);
    start_first_round(largest);
    while (result.rows.size() < k && !control_.stopped()) {
      if (round_ == 1) start_second_round(result.rows[0]);
      const Waiting pick = best();
      if (control_.stopped()) return;
      result.rows.push_back(pick.row);
      result.gains.push_back(pick.bound);
      take(pick.row);
      ++round_;
      control_.done(result.rows.size());
    }
  }

 private:
  static constexpr uint32_t kNever = 0xffffffffu;

  // Every pair of blocks once; a tile is also the mirrored tile.
  template <class Fill>
  void for_block_pairs(Fill fill) {
    const size_t blocks = (rows_.rows() + kBlock - 1) / kBlock;
    parallel_for(blocks * (blocks + 1) / 2, threads_, [&](size_t pair) {
      if (control_.stopped()) return;
      size_t j = size_t((std::sqrt(8.0 * double(pair) + 1) - 1) / 2);
      while (j * (j + 1) / 2 > pair) --j;
      while ((j + 1) * (j + 2) / 2 <= pair) ++j;
      const size_t row = (pair - j * (j + 1) / 2) * kBlock;
      const size_t col = j * kBlock;
      float* tile = bounds_.data() + row * stride_ + col;
      fill(row, col, tile);
      if (row != col)
        table_.transpose_block(tile, stride_, kBlock, kBlock, bounds_.data() + col * stride_ + row, stride_);
    });
  }

  // Gains of the first round are n times the largest distance minus the sum of a row's distances, which has a closed
  // form: n |y_j|² + sum of |y_i|² - 2 y_j · sum of y_i. The row of the smallest sum is the first pick, but for
  // rounding.
  void guess_first(const BoundFrame& frame, const BoundPoints& points) {
    const size_t n = rows_.rows();
    const size_t cols = rows_.cols();
    std::vector<double> sum(cols);
    double squares = 0;
    for (size_t i = 0; i < n; ++i) {
      const float* y = points.values(i);
      for (size_t c = 0; c < cols; ++c) sum[c] += double(y[c]);
      squares += points.square(i);
    }
    least_sums_.resize(n);
    double least = HUGE_VAL;
    for (size_t j = 0; j < n; ++j) {
      const float* y = points.values(j);
      double dot = 0;
      for (size_t c = 0; c < cols; ++c) dot += double(y[c]) * sum[c];
      const double lengths = double(n) * points.square(j) + squares;
      // the rows were rounded to f32
      least_sums_[j] = lengths - 2 * dot - lengths * 0x5.1p-24 - double(n) * frame.floor();
      if (least_sums_[j] >= least) continue;
      least = least_sums_[j];
      guess_ = j;
    }
    for (size_t i = 0; i < n; ++i) near_[i] = uint32_t(i);
    rows_.widen(guess_, x_.data());
    rows_.distances(guess_, x_.data(), near_.data(), n, near_distances_.data());
    guess_reach_.assign(stride_, -HUGE_VALF);
    for (size_t i = 0; i < n; ++i) guess_reach_[i] = float_above(near_distances_[i] / unit_);
  }

  void start_first_round(double largest) {
    const size_t n = rows_.rows();
    const double whole = double(n) * (largest / unit_);
    std::vector<Waiting> entries;
    for (size_t j = 0; j < n; ++j) {
      entries.push_back({(whole - least_sums_[j] + 1e-9 * whole) * unit_, uint32_t(j)});
    }
    heap_.start(std::move(entries));
  }

  // Bounds of the second round were added up while the tiles were at hand, for the first pick that was expected.
  void start_second_round(uint32_t first) {
    if (first != guess_) return renew_all();
    const size_t n = rows_.rows();
    const size_t blocks = (n + kBlock - 1) / kBlock;
    std::vector<Waiting> entries;
    for (size_t j = 0; j < n; ++j) {
      double gain = 0;
      for (size_t b = 0; b < blocks; ++b) gain += double(tile_gains_[b * stride_ + j]);
      if (j != first) entries.push_back({gain * kGainSlack * unit_, uint32_t(j)});
      bound_round_[j] = round_;
    }
    tile_gains_ = {};
    heap_.start(std::move(entries));
  }

  void fill_from_products(const BoundFrame& frame, const BoundPoints& points) {
    const size_t blocks = (rows_.rows() + kBlock - 1) / kBlock;
    tile_gains_.assign(blocks * stride_, 0);
    for_block_pairs([&](size_t row, size_t col, float* tile) {
      const float most = points.tile(row, points, col, kBlock, tile, stride_);
      diameter_.look(frame, points, row, col, most, tile, stride_);
      // every block of columns has a line of its own for the gains of each row
      float* of_rows = tile_gains_.data() + col / kBlock * stride_ + row;
      float* of_cols = tile_gains_.data() + row / kBlock * stride_ + col;
      table_.bound_tile_gains(tile, stride_, guess_reach_.data() + row, guess_reach_.data() + col, kBlock, of_rows,
                              row == col ? nullptr : of_cols);
    });
    // columns between the last block and the stride
    const size_t padded = points.padded();
    for (size_t row = 0; row < padded; ++row) {
      std::fill(bounds_.data() + row * stride_ + padded, bounds_.data() + (row + 1) * stride_, 0.0f);
    }
  }

  // The bounds were too wide (clusters that are far apart, compared with their size): exact distances, rounded down.
  void fill_from_distances() {
    for_block_pairs([&](size_t row, size_t col, float* tile) {
      std::vector<double> x(rows_.cols());
      std::vector<uint32_t> others;
      std::vector<double> distances(kBlock);
      for (size_t j = col; j < std::min(col + kBlock, rows_.rows()); ++j) others.push_back(uint32_t(j));
      for (size_t i = row; i < std::min(row + kBlock, rows_.rows()); ++i) {
        rows_.widen(i, x.data());
        rows_.distances(i, x.data(), others.data(), others.size(), distances.data());
        for (size_t j = 0; j < others.size(); ++j) tile[(i - row) * stride_ + j] = float_below(distances[j] / unit_);
      }
    });
  }

  // An upper bound of the gain of `row` now.
  double bound_of(size_t row) const {
    return table_.bound_gain(reach_.data(), bounds_.data() + row * stride_, stride_) * kGainSlack * unit_;
  }

  void renew_all() {
    const size_t n = rows_.rows();
    constexpr size_t kStep = 32;
    std::vector<Waiting> entries(n);
    parallel_for((n + kStep - 1) / kStep, threads_, [&](size_t block) {
      for (size_t row = block * kStep; row < std::min(n, (block + 1) * kStep); ++row) {
        entries[row] = {bound_of(row), uint32_t(row)};
        bound_round_[row] = round_;
      }
    });
    std::erase_if(entries, [&](const Waiting& entry) { return picked_[entry.row] != 0; });
    heap_.start(std::move(entries));
  }

  Waiting best() {
    for (;;) {
      const Waiting top = heap_.pop();
      if (exact_round_[top.row] == round_) return top;
      if (bound_round_[top.row] == round_) {
        heap_.push({exact_gain(top.row), top.row});
        exact_round_[top.row] = round_;
      } else if (threads_ == 1) {
        heap_.push({std::min(top.bound, bound_of(top.row)), top.row});
        bound_round_[top.row] = round_;
      } else {
        renew_stale(top);
      }
      if (control_.stopped()) return top;
    }
  }

  void renew_stale(Waiting top) {
    std::vector<Waiting> stale{top};
    std::vector<Waiting> others;
    while (stale.size() < kParallelBounds && !heap_.empty()) {
      const Waiting next = heap_.pop();
      const bool is_fresh = bound_round_[next.row] == round_ || exact_round_[next.row] == round_;
      (is_fresh ? others : stale).push_back(next);
      if (is_fresh) break;
    }
    constexpr size_t kStep = 16;
    parallel_for((stale.size() + kStep - 1) / kStep, threads_, [&](size_t block) {
      for (size_t i = block * kStep; i < std::min(stale.size(), (block + 1) * kStep); ++i) {
        stale[i].bound = std::min(stale[i].bound, bound_of(stale[i].row));
        bound_round_[stale[i].row] = round_;
      }
    });
    for (const Waiting& entry : stale) heap_.push(entry);
    for (const Waiting& entry : others) heap_.push(entry);
  }

  // Exact distances of `row` to the rows that it could be nearer to than their nearest pick.
  void look_near(size_t row) {
    if (looked_at_ == row && looked_round_ == round_) return;
    const float* bounds = bounds_.data() + row * stride_;
    size_t count = 0;
    for (size_t i = 0; i < rows_.rows(); ++i) {
      near_[count] = uint32_t(i);
      count += bounds[i] < reach_[i];
    }
    near_count_ = count;
    rows_.widen(row, x_.data());
    rows_.distances(row, x_.data(), near_.data(), count, near_distances_.data());
    looked_at_ = row;
    looked_round_ = round_;
  }

  double exact_gain(size_t row) {
    look_near(row);
    GainLanes lanes;
    for (size_t i = 0; i < near_count_; ++i) {
      const double gain = nearest_[near_[i]] - near_distances_[i];
      lanes.add(near_[i], gain > 0 ? gain : 0);
    }
    exact_pairs_ += near_count_;
    return lanes.sum();
  }

  void take(uint32_t row) {
    look_near(row);
    for (size_t i = 0; i < near_count_; ++i) {
      const size_t other = near_[i];
      if (near_distances_[i] >= nearest_[other]) continue;
      nearest_[other] = near_distances_[i];
      reach_[other] = float_above(nearest_[other] / unit_);
    }
    picked_[row] = 1;
    const double pairs = double(rows_.rows()) * double(rows_.rows());
    if (!is_exact_ && double(exact_pairs_) > pairs / 4) {
      fill_from_distances();
      is_exact_ = true;
    }
  }

  const KernelTable& table_;
  const PairRows& rows_;
  unsigned threads_;
  Control control_;
  Diameter diameter_{rows_};
  double unit_ = 1;
  size_t stride_ = 0;
  LargeArray<float> bounds_;        // [N, stride_] lower bounds of distances, in units of unit_
  size_t guess_ = 0;                // the first pick, most likely
  std::vector<float> guess_reach_;  // m after it
  std::vector<double> least_sums_;  // at most the sum of distances of each row, in units
  std::vector<float> tile_gains_;   // [blocks, stride_]
  std::vector<double> nearest_;     // m
  std::vector<float> reach_;        // m, rounded up, in units of unit_; -inf behind the last row
  std::vector<uint32_t> bound_round_;
  std::vector<uint32_t> exact_round_;
  std::vector<uint8_t> picked_;
  uint32_t round_ = 0;
  WaitingRows heap_;
  bool is_exact_ = false;
  size_t exact_pairs_ = 0;
  // the row looked at last
  size_t looked_at_ = SIZE_MAX;
  uint32_t looked_round_ = 0;
  size_t near_count_ = 0;
  std::vector<uint32_t> near_;
  std::vector<double> near_distances_;
  std::vector<double> x_;
};
}  // namespace

FacilityResult facility_location(const MatrixView& matrix, Metric metric, size_t neighbours, size_t k, unsigned threads,
                                 Control control) {
  const KernelTable& table = current_level();
  note_level(table);
  FacilityResult result;
  const PairRows rows(table, matrix, metric, threads);
  result.bad_row = rows.bad_row();
  if (result.bad_row != kNoRow || k == 0) return result;
  if (neighbours == 0 || neighbours >= matrix.rows) {
    DenseFacility(table, rows, threads, control).run(k, result);
  } else {
    sparse_facility(table, rows, neighbours, k, threads, control, result);
  }
  return result;
}

}  // namespace querent
