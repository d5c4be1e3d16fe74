// What the algorithms over pairs of rows share: rows that the pair kernels can read, and the exact distances.
#pragma once

#include <querent/types.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "../kernels/tables.h"

namespace querent {

// Larger numbers could overflow in a sum of squares.
inline constexpr double kLargestElement = 1e100;

// Memory for numbers that are written soon: large arrays lie on huge pages, whose first touch costs half as much.
template <class T>
class LargeArray {
 public:
  LargeArray() = default;
  explicit LargeArray(size_t count);
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }

 private:
  struct Release {
    void operator()(T* p) const;
  };
  std::unique_ptr<T, Release> data_;
};

// The rows of a matrix as the pair kernels take them: in place where they are f32 or f64, else as f32, which is exact.
// Distances are those of the definition: squared Euclidean, or 1 - cos held to [0, 2].
class PairRows {
 public:
  PairRows(const KernelTable& table, const MatrixView& matrix, Metric metric, unsigned threads);

  // The lowest row with a number that is not usable, or under cosine of zeros only.
  int64_t bad_row() const { return bad_row_; }
  size_t rows() const { return view_.rows; }
  size_t cols() const { return view_.cols; }
  Metric metric() const { return metric_; }
  const MatrixView& view() const { return view_; }
  // Row `row` as f64 [cols].
  void widen(size_t row, double* out) const { table_->rows_as_f64(view_, row, row + 1, out); }
  // Rows [row, row + kPairPanel) as a panel of the pair kernels; behind the last row it is repeated.
  void pack(size_t row, double* panel) const;
  // |x| of every row, under cosine only.
  const std::vector<double>& lengths() const { return lengths_; }
  // Distances of `row`, whose elements are x, to rows others[0..count). A row that is none is a point of its own
  // (Euclidean only).
  void distances(size_t row, const double* x, const uint32_t* others, size_t count, double* out) const;

 private:
  const KernelTable* table_;
  MatrixView view_;
  Metric metric_;
  LargeArray<float> copy_;
  std::vector<double> lengths_;
  int64_t bad_row_ = kNoRow;
};

inline double cosine_distance(double dot, double length, double other) {
  const double distance = 1 - dot / (length * other);
  return distance > 0 ? (distance < 2 ? distance : 2) : 0;
}

}  // namespace querent
