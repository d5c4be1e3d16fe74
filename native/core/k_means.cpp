#include <querent/dispatch.h>
#include <querent/k_means.h>
#include <querent/parallel.h>

#include <algorithm>
#include <atomic>
#include <limits>

#include "bound_rows.h"
#include "pair_rows.h"

namespace querent {
namespace {

constexpr size_t kBlock = BoundPoints::kBlock;
constexpr size_t kRowsOfUnit = 10 * kBlock;

class KMeans {
 public:
  KMeans(const KernelTable& table, const PairRows& rows, const double* initial, size_t k, unsigned threads,
         Control control, KMeansResult& result)
      : table_(table),
        rows_(rows),
        cols_(rows.cols()),
        k_(k),
        threads_(threads),
        control_(control),
        result_(result),
        frame_(table, rows, threads),
        points_(frame_, rows, BoundPoints::kRows, threads) {
    result_.centroids.assign(initial, initial + k * cols_);
    result_.assignments.assign(rows.rows(), 0);
    distances_.resize(rows.rows());
  }

  void run(size_t max_iterations, double tolerance) {
    const double still = tolerance > 0 ? tolerance * mean_variance() : 0;
    std::vector<uint32_t> before;
    bool is_nearest = false;  // whether the assignments are those of the centroids as they are
    while (result_.iterations < max_iterations) {
      assign();
      is_nearest = !fill_empty();
      if (control_.stopped()) return;
      if (result_.iterations > 0 && result_.assignments == before) break;
      before = result_.assignments;
      const double moved = move_centroids();
      is_nearest = false;
      control_.done(++result_.iterations);
      if (moved <= still) break;
    }
    if (!is_nearest) assign();
    for (const double distance : distances_) result_.inertia += distance;
    find_nearest_rows();
  }

 private:
  // visit(row, bounds, x): lower bounds of its distances to all centroids, in units, and its elements, widened.
  template <class Visit>
  void for_bounds(Visit visit) {
    const BoundPoints centroids(frame_, result_.centroids.data(), k_, BoundPoints::kColumns);
    const size_t width = (k_ + kBoundPanel - 1) / kBoundPanel * kBoundPanel;
    const size_t n = rows_.rows();
    parallel_for((n + kRowsOfUnit - 1) / kRowsOfUnit, threads_, [&](size_t unit) {
      std::vector<double> x(cols_);
      std::vector<float> bounds(kBlock * width);
      std::vector<uint32_t> near(k_);
      std::vector<double> exact(k_);
      const size_t end = std::min(n, (unit + 1) * kRowsOfUnit);
      for (size_t row = unit * kRowsOfUnit; row < end && !control_.stopped(); row += kBlock) {
        points_.tile(row, centroids, 0, width, bounds.data(), width);
        for (size_t i = 0; i < std::min(kBlock, end - row); ++i) {
          rows_.widen(row + i, x.data());
          visit(row + i, bounds.data() + i * width, x.data(), near.data(), exact.data());
        }
      }
    });
  }

  void exact_distances(const double* x, const uint32_t* centroids, size_t count, double* out) const {
    table_.pair_list_sums(false, x, {result_.centroids.data(), Dtype::f64, k_, cols_, cols_}, centroids, count, out);
  }

  // Only centroids whose bound does not exceed the distance to the one of the least bound can be nearest.
  void assign() {
    for_bounds([&](size_t row, const float* bounds, const double* x, uint32_t* near, double* exact) {
      size_t count = table_.collect_below(bounds, k_, table_.least_bound(bounds, k_), near);
      exact_distances(x, near, 1, exact);
      count = table_.collect_below(bounds, k_, float_above(exact[0] / frame_.unit()), near);
      exact_distances(x, near, count, exact);
      size_t best = 0;
      for (size_t j = 1; j < count; ++j) {
        if (exact[j] < exact[best]) best = j;
      }
      result_.assignments[row] = near[best];
      distances_[row] = exact[best];
    });
  }

  // Every centroid without rows gets the row that lies farthest from its own, the lowest among equals, unless that is
  // the last row of its centroid. True when there was one.
  bool fill_empty() {
    counts_.assign(k_, 0);
    for (const uint32_t centroid : result_.assignments) ++counts_[centroid];
    bool moved = false;
    for (size_t empty = 0; empty < k_; ++empty) {
      if (counts_[empty] > 0) continue;
      size_t farthest = 0;
      double most = -1;
      for (size_t i = 0; i < rows_.rows(); ++i) {
        if (distances_[i] <= most || counts_[result_.assignments[i]] < 2) continue;
        most = distances_[i];
        farthest = i;
      }
      --counts_[result_.assignments[farthest]];
      counts_[empty] = 1;
      result_.assignments[farthest] = uint32_t(empty);
      distances_[farthest] = 0;
      moved = true;
    }
    return moved;
  }

  // Centroids become the means of their rows, added up in row order; returns the sum of their squared movements.
  double move_centroids() {
    const size_t n = rows_.rows();
    std::vector<size_t> starts(k_ + 1);
    for (size_t j = 0; j < k_; ++j) starts[j + 1] = starts[j] + counts_[j];
    std::vector<size_t> next(starts.begin(), starts.end() - 1);
    std::vector<uint32_t> members(n);
    for (size_t i = 0; i < n; ++i) members[next[result_.assignments[i]]++] = uint32_t(i);
    std::vector<double> moved(k_);
    parallel_for(k_, threads_, [&](size_t j) {
      std::vector<double> sum(cols_);
      std::vector<double> x(cols_);
      for (size_t m = starts[j]; m < starts[j + 1]; ++m) {
        rows_.widen(members[m], x.data());
        for (size_t c = 0; c < cols_; ++c) sum[c] += x[c];
      }
      for (size_t c = 0; c < cols_; ++c) sum[c] /= double(counts_[j]);
      double* centroid = result_.centroids.data() + j * cols_;
      const uint32_t first = 0;
      table_.pair_list_sums(false, sum.data(), {centroid, Dtype::f64, 1, cols_, cols_}, &first, 1, &moved[j]);
      std::copy(sum.begin(), sum.end(), centroid);
    });
    double total = 0;
    for (const double part : moved) total += part;
    return total;
  }

  // Mean over columns of their variance.
  double mean_variance() const {
    const size_t n = rows_.rows();
    std::vector<double> x(cols_);
    std::vector<double> mean(cols_);
    std::vector<double> variance(cols_);
    for (size_t i = 0; i < n; ++i) {
      rows_.widen(i, x.data());
      for (size_t c = 0; c < cols_; ++c) mean[c] += x[c];
    }
    for (double& m : mean) m /= double(n);
    for (size_t i = 0; i < n; ++i) {
      rows_.widen(i, x.data());
      for (size_t c = 0; c < cols_; ++c) {
        const double off = x[c] - mean[c];
        variance[c] += off * off;
      }
    }
    double sum = 0;
    for (const double v : variance) sum += v / double(n);
    return sum / double(cols_);
  }

  // Centroids take their nearest row in turn, the lowest among equals; a row that is gone is passed over.
  void find_nearest_rows() {
    const size_t n = rows_.rows();
    const size_t units = (n + kRowsOfUnit - 1) / kRowsOfUnit;
    struct Nearest {
      double distance = std::numeric_limits<double>::infinity();
      uint32_t row = 0;
    };
    std::vector<Nearest> found(units * k_);
    for_bounds([&](size_t row, const float* bounds, const double* x, uint32_t* near, double* exact) {
      Nearest* own = found.data() + row / kRowsOfUnit * k_;
      size_t count = 0;
      for (size_t j = 0; j < k_; ++j) {
        near[count] = uint32_t(j);
        count += double(bounds[j]) * frame_.unit() < own[j].distance;
      }
      exact_distances(x, near, count, exact);
      for (size_t j = 0; j < count; ++j) {
        if (exact[j] < own[near[j]].distance) own[near[j]] = {exact[j], uint32_t(row)};
      }
    });
    if (control_.stopped()) return;
    std::vector<uint8_t> taken(n);
    std::vector<uint32_t> all;
    std::vector<double> distances;
    for (size_t j = 0; j < k_; ++j) {
      Nearest best;
      for (size_t u = 0; u < units; ++u) {
        if (found[u * k_ + j].distance < best.distance) best = found[u * k_ + j];
      }
      if (taken[best.row] != 0) {
        if (all.empty()) {
          for (size_t i = 0; i < n; ++i) all.push_back(uint32_t(i));
          distances.resize(n);
        }
        rows_.distances(n, result_.centroids.data() + j * cols_, all.data(), n, distances.data());
        best = {};
        for (size_t i = 0; i < n; ++i) {
          if (taken[i] == 0 && distances[i] < best.distance) best = {distances[i], uint32_t(i)};
        }
      }
      taken[best.row] = 1;
      result_.nearest.push_back(best.row);
    }
  }

  const KernelTable& table_;
  const PairRows& rows_;
  size_t cols_;
  size_t k_;
  unsigned threads_;
  Control control_;
  KMeansResult& result_;
  BoundFrame frame_;
  BoundPoints points_;
  std::vector<double> distances_;  // of every row to its centroid, squared
  std::vector<size_t> counts_;     // rows of every centroid
};

}  // namespace

KMeansResult k_means(const MatrixView& matrix, const double* initial, size_t k, size_t max_iterations, double tolerance,
                     unsigned threads, Control control) {
  const KernelTable& table = current_level();
  note_level(table);
  KMeansResult result;
  const PairRows rows(table, matrix, Metric::euclidean, threads);
  result.bad_row = rows.bad_row();
  if (result.bad_row != kNoRow) return result;
  KMeans(table, rows, initial, k, threads, control, result).run(max_iterations, tolerance);
  return result;
}

}  // namespace querent
