#include "affinities.h"

#include <querent/parallel.h>

#include <algorithm>
#include <cmath>
#include <new>

#include "neighbours.h"

namespace querent {
namespace {

constexpr size_t kRowsOfBlock = 16;
constexpr int kMostSteps = 100;
constexpr double kEntropyTolerance = 1e-5;

// From squared distances of a row to others, in place, to probabilities of its neighbourhood: p_j proportional to
// exp(-beta d_j), with the beta, found by bisection, whose entropy is the logarithm of the perplexity. Distances are
// taken from the least, in units of the span, which changes no probability and keeps beta in range. Where more rows
// than the perplexity are the nearest, these share everything.
class Neighbourhood {
 public:
  Neighbourhood(const KernelTable& table, double perplexity) : table_(table), target_(log(perplexity)) {}

  void solve(double* distances, size_t count) {
    const auto [least, most] = std::minmax_element(distances, distances + count);
    const double low_distance = *least;
    const double span = *most - low_distance;
    if (!(span > 0)) {
      std::fill(distances, distances + count, 1 / double(count));
      return;
    }
    for (size_t j = 0; j < count; ++j) distances[j] = (distances[j] - low_distance) / span;
    room_.resize(count);
    double beta = 1;
    double low = 0;
    double high = HUGE_VAL;
    double sum = 0;
    for (int step = 0; step < kMostSteps; ++step) {
      for (size_t j = 0; j < count; ++j) room_[j] = -beta * distances[j];
      table_.exp_f64(room_.data(), room_.data(), count);
      sum = 0;
      double weighted = 0;
      for (size_t j = 0; j < count; ++j) {
        sum += room_[j];
        weighted += room_[j] * distances[j];
      }
      const double excess = (log(sum) + beta * (weighted / sum)) - target_;
      if (std::fabs(excess) <= kEntropyTolerance) break;
      (excess > 0 ? low : high) = beta;
      beta = high == HUGE_VAL ? beta * 2 : (low + high) / 2;
    }
    for (size_t j = 0; j < count; ++j) distances[j] = room_[j] / sum;
  }

 private:
  double log(double x) const {
    double value = 0;
    table_.log_f64(&x, &value, 1);
    return value;
  }

  const KernelTable& table_;
  double target_;
  std::vector<double> room_;
};

// body(row) for all rows, with a fresh state for every block.
template <class State, class Body>
void for_rows(size_t rows, unsigned threads, Control control, const State& state, Body body) {
  parallel_for((rows + kRowsOfBlock - 1) / kRowsOfBlock, threads, [&](size_t block) {
    if (control.stopped()) return;
    State own = state;
    for (size_t row = block * kRowsOfBlock; row < std::min(rows, (block + 1) * kRowsOfBlock); ++row) body(row, own);
  });
}

// The nearest other rows of every row, by column, with their probabilities.
struct Neighbours {
  size_t count;
  LargeArray<uint32_t> columns;  // [rows, count]
  LargeArray<double> values;
};

size_t product(size_t a, size_t b) {
  size_t out = 0;
  if (__builtin_mul_overflow(a, b, &out)) throw std::bad_alloc();
  return out;
}

struct Near {
  uint32_t row;
  double distance;
};

Neighbours find_neighbours(const KernelTable& table, const PairRows& rows, double perplexity, unsigned threads,
                           Control control) {
  const size_t n = rows.rows();
  const size_t found = std::min(n, size_t(3 * perplexity) + 1);  // the row itself is one of them, mostly
  Neighbours near{found - 1, LargeArray<uint32_t>(product(n, found - 1)), LargeArray<double>(product(n, found - 1))};
  LargeArray<uint32_t> columns(product(n, found));
  LargeArray<double> distances(product(n, found));
  nearest_rows(table, rows, found, threads, control, {}, columns.data(), distances.data());
  if (control.stopped()) return near;
  for_rows(n, threads, control, Neighbourhood(table, perplexity), [&](size_t row, Neighbourhood& neighbourhood) {
    std::vector<Near> list;
    for (size_t e = row * found; e < (row + 1) * found; ++e) list.push_back({columns.data()[e], distances.data()[e]});
    auto out = std::find_if(list.begin(), list.end(), [&](const Near& a) { return a.row == row; });
    if (out == list.end()) {  // so many rows are the same that it is not among the lowest of them
      out = std::max_element(list.begin(), list.end(), [](const Near& a, const Near& b) {
        return a.distance != b.distance ? a.distance < b.distance : a.row < b.row;
      });
    }
    list.erase(out);
    std::sort(list.begin(), list.end(), [](const Near& a, const Near& b) { return a.row < b.row; });
    double* values = near.values.data() + row * near.count;
    for (size_t e = 0; e < near.count; ++e) {
      near.columns.data()[row * near.count + e] = list[e].row;
      values[e] = list[e].distance;
    }
    neighbourhood.solve(values, near.count);
  });
  return near;
}

// The transposed lists: column j is held by rows[starts[j] .. starts[j + 1]), in order.
struct Holders {
  std::vector<size_t> starts;
  std::vector<uint32_t> rows;
  std::vector<double> values;

  Holders(const Neighbours& near, size_t n) : starts(n + 1), rows(n * near.count), values(n * near.count) {
    for (size_t e = 0; e < n * near.count; ++e) ++starts[near.columns.data()[e] + 1];
    for (size_t j = 0; j < n; ++j) starts[j + 1] += starts[j];
    std::vector<size_t> next(starts.begin(), starts.end() - 1);
    for (size_t e = 0; e < n * near.count; ++e) {
      const size_t at = next[near.columns.data()[e]]++;
      rows[at] = uint32_t(e / near.count);
      values[at] = near.values.data()[e];
    }
  }
};

// visit(column, probability one way, probability the other way) for what `row` holds or is held by, by column.
template <class Visit>
void merge(const Neighbours& near, const Holders& holders, size_t row, Visit visit) {
  const uint32_t* own = near.columns.data() + row * near.count;
  const double* values = near.values.data() + row * near.count;
  size_t a = 0;
  size_t b = holders.starts[row];
  const size_t end = holders.starts[row + 1];
  while (a < near.count || b < end) {
    if (b == end || (a < near.count && own[a] < holders.rows[b])) {
      visit(own[a], values[a], 0.0);
      ++a;
    } else if (a == near.count || holders.rows[b] < own[a]) {
      visit(holders.rows[b], 0.0, holders.values[b]);
      ++b;
    } else {
      visit(own[a], values[a], holders.values[b]);
      ++a;
      ++b;
    }
  }
}

}  // namespace

LargeArray<double> dense_affinities(const KernelTable& table, const PairRows& rows, double perplexity, unsigned threads,
                                    Control control) {
  const size_t n = rows.rows();
  const size_t groups = (n + kLayoutLanes - 1) / kLayoutLanes;
  LargeArray<double> affinities(product(product(groups, kLayoutLanes), n));
  const auto at = [&](size_t i, size_t j) -> double& {
    return affinities.data()[(i / kLayoutLanes * n + j) * kLayoutLanes + i % kLayoutLanes];
  };
  for_rows(groups * kLayoutLanes, threads, control, Neighbourhood(table, perplexity),
           [&](size_t row, Neighbourhood& neighbourhood) {
             if (row >= n) {
               for (size_t j = 0; j < n; ++j) at(row, j) = 0;
               return;
             }
             std::vector<double> x(rows.cols());
             std::vector<uint32_t> others;
             for (size_t j = 0; j < n; ++j) {
               if (j != row) others.push_back(uint32_t(j));
             }
             std::vector<double> values(others.size());
             rows.widen(row, x.data());
             rows.distances(row, x.data(), others.data(), others.size(), values.data());
             neighbourhood.solve(values.data(), values.size());
             at(row, row) = 0;
             for (size_t e = 0; e < others.size(); ++e) at(row, others[e]) = values[e];
           });
  const double whole = 2 * double(n);
  for (size_t i = 0; i < n && !control.stopped(); ++i) {
    for (size_t j = i + 1; j < n; ++j) at(i, j) = at(j, i) = (at(i, j) + at(j, i)) / whole;
  }
  return affinities;
}

SparseAffinities sparse_affinities(const KernelTable& table, const PairRows& rows, double perplexity, unsigned threads,
                                   Control control) {
  const size_t n = rows.rows();
  SparseAffinities out;
  const Neighbours near = find_neighbours(table, rows, perplexity, threads, control);
  if (control.stopped()) return out;
  const Holders holders(near, n);
  out.starts.assign(n + 1, 0);
  for (size_t row = 0; row < n; ++row) {
    size_t count = 0;
    merge(near, holders, row, [&](uint32_t, double, double) { ++count; });
    out.starts[row + 1] = out.starts[row] + (count + kLayoutLanes - 1) / kLayoutLanes * kLayoutLanes;
  }
  out.columns.resize(out.starts[n]);
  out.values.resize(out.starts[n]);
  const double whole = 2 * double(n);
  for (size_t row = 0; row < n; ++row) {
    size_t at = out.starts[row];
    merge(near, holders, row, [&](uint32_t column, double one, double other) {
      out.columns[at] = column;
      out.values[at++] = (one + other) / whole;
    });
    std::fill(out.columns.begin() + ptrdiff_t(at), out.columns.begin() + ptrdiff_t(out.starts[row + 1]), uint32_t(row));
  }
  return out;
}

}  // namespace querent
