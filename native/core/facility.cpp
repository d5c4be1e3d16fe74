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
#include <atomic>
#include <cmath>
#include <new>

#include "bound_rows.h"
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

void raise(std::atomic<double>& most, double value) {
  double seen = most.load();
  while (value > seen && !most.compare_exchange_weak(seen, value)) {
  }
}

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
  explicit Diameter(const PairRows& rows) : rows_(rows), most_(0) {
    if (rows.metric() == Metric::cosine) {
      most_ = 2;
      return;
    }
    // far rows to start with: from any row to the farthest, three times
    std::vector<uint32_t> all(rows.rows());
    for (size_t i = 0; i < all.size(); ++i) all[i] = uint32_t(i);
    std::vector<double> x(rows.cols());
    std::vector<double> distances(rows.rows());
    size_t from = 0;
    for (int step = 0; step < 3; ++step) {
      rows.widen(from, x.data());
      rows.distances(from, x.data(), all.data(), all.size(), distances.data());
      from = size_t(std::max_element(distances.begin(), distances.end()) - distances.begin());
      raise(most_, distances[from]);
    }
  }

  double value() const { return most_.load(); }
  void take(double distance) { raise(most_, distance); }

  // Looks through a tile of bounds whose largest is `most`.
  void look(const BoundFrame& frame, const BoundPoints& bounds, size_t row, size_t col, float most, const float* tile,
            size_t stride) {
    if (rows_.metric() == Metric::cosine) return;
    const size_t rows = std::min(kBlock, rows_.rows() - row);
    const size_t cols = std::min(kBlock, rows_.rows() - col);
    double row_gap = 0;
    double col_gap = 0;
    for (size_t i = 0; i < rows; ++i) row_gap = std::max(row_gap, bounds.gap(row + i));
    for (size_t j = 0; j < cols; ++j) col_gap = std::max(col_gap, bounds.gap(col + j));
    if ((double(most) + row_gap + col_gap) * frame.unit() <= value()) return;
    std::vector<double> x(rows_.cols());
    std::vector<uint32_t> far;
    std::vector<double> distances(cols);
    for (size_t i = 0; i < rows; ++i) {
      far.clear();
      const double gap = bounds.gap(row + i);
      for (size_t j = 0; j < cols; ++j) {
        if ((double(tile[i * stride + j]) + gap + bounds.gap(col + j)) * frame.unit() > value()) {
          far.push_back(uint32_t(col + j));
        }
      }
      if (far.empty()) continue;
      rows_.widen(row + i, x.data());
      rows_.distances(row + i, x.data(), far.data(), far.size(), distances.data());
      take(*std::max_element(distances.begin(), distances.begin() + ptrdiff_t(far.size())));
    }
  }

 private:
  const PairRows& rows_;
  std::atomic<double> most_;
};

// Rows waiting to be looked at, the one with the largest bound on top, the lowest row among equals.
struct Waiting {
  double bound;
  uint32_t row;
  bool operator<(const Waiting& other) const { return bound != other.bound ? bound < other.bound : row > other.row; }
};

class Heap {
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
  Heap heap_;
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
    Heap heap;
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
  struct Candidate {
    float bound;
    uint32_t row;
  };

  // The candidates for the nearest columns of one row: every column whose distance may be among the smallest.
  struct Candidates {
    std::vector<Candidate> list;
    float limit = HUGE_VALF;
    size_t room = 0;
  };

  void shrink(const BoundPoints& bounds, size_t row, Candidates& own, std::vector<double>& most) const {
    if (own.list.size() <= neighbours_) return;
    most.clear();
    const double gap = bounds.gap(row);
    for (const Candidate& c : own.list) most.push_back(double(c.bound) + gap + bounds.gap(c.row));
    const auto last = most.begin() + ptrdiff_t(neighbours_) - 1;
    std::nth_element(most.begin(), last, most.end());
    own.limit = float_above(*last);
    std::erase_if(own.list, [&](const Candidate& c) { return c.bound > own.limit; });
    own.room = std::max(own.room, 2 * own.list.size());
  }

  void find_neighbours() {
    const size_t n = rows_.rows();
    const size_t m = neighbours_;
    size_t entries = 0;
    if (__builtin_mul_overflow(n, m, &entries)) throw std::bad_alloc();
    LargeArray<uint32_t> columns(entries);  // [N, m]
    LargeArray<double> distances(entries);
    {
      const BoundFrame frame(table_, rows_, threads_);
      const BoundPoints bounds(frame, rows_, BoundPoints::kBoth, threads_);
      parallel_for((n + kBlock - 1) / kBlock, threads_, [&](size_t block) {
        nearest_of_block(frame, bounds, block * kBlock, columns.data(), distances.data());
      });
    }
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

  void nearest_of_block(const BoundFrame& frame, const BoundPoints& bounds, size_t first, uint32_t* columns,
                        double* distances) {
    const size_t n = rows_.rows();
    const size_t m = neighbours_;
    const size_t count = std::min(kBlock, n - first);
    std::vector<float> tile(kBlock * kBlock);
    std::vector<Candidates> candidates(count);
    std::vector<double> most;
    uint32_t found[kBlock];
    for (Candidates& own : candidates) own.room = 2 * m + kBlock;
    for (size_t col = 0; col < n; col += kBlock) {
      if (control_.stopped()) return;
      const float largest = bounds.tile(first, bounds, col, kBlock, tile.data(), kBlock);
      if (col >= first) diameter_.look(frame, bounds, first, col, largest, tile.data(), kBlock);
      const size_t width = std::min(kBlock, n - col);
      for (size_t i = 0; i < count; ++i) {
        Candidates& own = candidates[i];
        const float* line = tile.data() + i * kBlock;
        const size_t count_below = table_.collect_below(line, width, own.limit, found);
        for (size_t f = 0; f < count_below; ++f) own.list.push_back({line[found[f]], uint32_t(col + found[f])});
        if (own.list.size() > own.room) shrink(bounds, first + i, own, most);
      }
    }
    std::vector<double> x(rows_.cols());
    std::vector<uint32_t> others;
    std::vector<double> exact;
    std::vector<uint32_t> order;
    for (size_t i = 0; i < count; ++i) {
      Candidates& own = candidates[i];
      shrink(bounds, first + i, own, most);
      others.clear();
      order.clear();
      for (const Candidate& c : own.list) {
        order.push_back(uint32_t(others.size()));
        others.push_back(c.row);
      }
      exact.resize(others.size());
      rows_.widen(first + i, x.data());
      rows_.distances(first + i, x.data(), others.data(), others.size(), exact.data());
      const auto nearer = [&](uint32_t a, uint32_t b) {
        return exact[a] != exact[b] ? exact[a] < exact[b] : others[a] < others[b];
      };
      if (m < order.size()) std::nth_element(order.begin(), order.begin() + ptrdiff_t(m), order.end(), nearer);
      for (size_t e = 0; e < m; ++e) {
        columns[(first + i) * m + e] = others[order[e]];
        distances[(first + i) * m + e] = exact[order[e]];
      }
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
    SparseFacility(table, rows, neighbours, threads, control).run(k, result);
  }
  return result;
}

}  // namespace querent
