#include <querent/dispatch.h>
#include <querent/pairwise.h>
#include <querent/parallel.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "pair_rows.h"

namespace querent {
namespace {

constexpr size_t kRowsOfUnit = 512;
constexpr size_t kColsOfUnit = 256;
constexpr size_t kBlockRows = 64;

class Pairwise {
 public:
  Pairwise(const KernelTable& table, const PairRows& a, const PairRows& b, bool is_self, bool squared, ScoresOut out)
      : table_(table), a_(a), b_(b), is_self_(is_self), squared_(squared), out_(out) {}

  void run(unsigned threads, Control control) {
    const size_t row_units = (a_.rows() + kRowsOfUnit - 1) / kRowsOfUnit;
    const size_t col_units = (b_.rows() + kColsOfUnit - 1) / kColsOfUnit;
    std::atomic<size_t> done{0};
    parallel_for(row_units * col_units, threads, [&](size_t unit) {
      if (control.stopped()) return;
      this->unit(unit / col_units * kRowsOfUnit, unit % col_units * kColsOfUnit);
      control.done(size_t(double(a_.rows()) * double(done.fetch_add(1) + 1) / double(row_units * col_units)));
    });
  }

 private:
  void unit(size_t first_row, size_t first_col) {
    const size_t row_end = std::min(a_.rows(), first_row + kRowsOfUnit);
    const size_t col_end = std::min(b_.rows(), first_col + kColsOfUnit);
    if (is_self_ && col_end <= first_row) return;  // the mirror images of pairs of another unit
    const size_t cols = a_.cols();
    const size_t panels = (col_end - first_col + kPairPanel - 1) / kPairPanel;
    auto* packed = static_cast<double*>(thread_scratch((panels * kPairPanel + kBlockRows) * cols * sizeof(double)));
    double* x = packed + panels * kPairPanel * cols;
    for (size_t p = 0; p < panels; ++p) b_.pack(first_col + p * kPairPanel, packed + p * kPairPanel * cols);
    double sums[kBlockRows * kPairPanel];
    for (size_t row = first_row; row < row_end; row += kBlockRows) {
      const size_t rows = std::min(kBlockRows, row_end - row);
      table_.rows_as_f64(a_.view(), row, row + rows, x);
      for (size_t p = 0; p < panels; ++p) {
        const size_t col = first_col + p * kPairPanel;
        const size_t width = std::min(kPairPanel, col_end - col);
        if (is_self_ && col + width <= row) continue;
        table_.pair_block_sums(a_.metric() == Metric::cosine, x, rows, cols, cols, packed + p * kPairPanel * cols, sums,
                               kPairPanel);
        for (size_t i = 0; i < rows; ++i) finish(row + i, col, width, x + i * cols, sums + i * kPairPanel);
        if (out_.is_double) {
          write(static_cast<double*>(out_.data), row, rows, col, width, sums);
        } else {
          write(static_cast<float*>(out_.data), row, rows, col, width, sums);
        }
      }
    }
  }

  // From sums to distances, in place.
  void finish(size_t row, size_t col, size_t width, const double* x, double* sums) const {
    if (a_.metric() == Metric::cosine) {
      for (size_t j = 0; j < width; ++j) {
        sums[j] = cosine_distance(sums[j], a_.lengths()[row], b_.lengths()[col + j]);
        if (sums[j] < kNearlyParallel) sums[j] = small_angle(row, col + j, x);
      }
    } else if (!squared_) {
      table_.square_roots(sums, kPairPanel);
    }
    if (is_self_ && row >= col && row < col + width) sums[row - col] = 0;
  }

  // 1 - cos cancels between nearly parallel rows: half the squared distance of the unit vectors does not.
  double small_angle(size_t row, size_t col, const double* x) const {
    const size_t cols = a_.cols();
    std::vector<double> unit(2 * cols);
    double* other = unit.data() + cols;
    b_.widen(col, other);
    for (size_t c = 0; c < cols; ++c) unit[c] = x[c] / a_.lengths()[row];
    for (size_t c = 0; c < cols; ++c) other[c] /= b_.lengths()[col];
    const uint32_t first = 0;
    double square = 0;
    table_.pair_list_sums(false, unit.data(), {other, Dtype::f64, 1, cols, cols}, &first, 1, &square);
    return square / 2;
  }

  template <class T>
  void write(T* out, size_t row, size_t rows, size_t col, size_t width, const double* sums) const {
    const size_t stride = b_.rows();
    for (size_t i = 0; i < rows; ++i) {
      const size_t begin = is_self_ && row + i > col ? row + i - col : 0;
      for (size_t j = begin; j < width; ++j) out[(row + i) * stride + col + j] = T(sums[i * kPairPanel + j]);
    }
    if (!is_self_) return;
    for (size_t j = 0; j < width; ++j) {
      const size_t end = std::min(rows, col + j > row ? col + j - row : 0);
      for (size_t i = 0; i < end; ++i) out[(col + j) * stride + row + i] = T(sums[i * kPairPanel + j]);
    }
  }

  static constexpr double kNearlyParallel = 0x1p-20;

  const KernelTable& table_;
  const PairRows& a_;
  const PairRows& b_;
  bool is_self_;
  bool squared_;
  ScoresOut out_;
};

}  // namespace

PairwiseResult pairwise_distances(const MatrixView& a, const MatrixView* b, Metric metric, bool squared,
                                  unsigned threads, ScoresOut out, Control control) {
  const KernelTable& table = current_level();
  note_level(table);
  const PairRows first(table, a, metric, threads);
  if (first.bad_row() != kNoRow) return {first.bad_row(), false};
  if (b == nullptr) {
    Pairwise(table, first, first, true, squared, out).run(threads, control);
    return {};
  }
  const PairRows second(table, *b, metric, threads);
  if (second.bad_row() != kNoRow) return {second.bad_row(), true};
  Pairwise(table, first, second, false, squared, out).run(threads, control);
  return {};
}

}  // namespace querent
