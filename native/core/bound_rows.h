// Lower bounds of distances in f32, at the cost of a matrix product.
//
// Points are moved to the mean of the rows, scaled by a power of two and rounded to f32. With n the squared length of
// such a point, |x|² + |y|² - 2 x·y in f32 is off by less than slack (n_x + n_y): most of slack is for the chain of
// additions in the product, the rest for the rounding of the points and of the last two additions. Taking that share
// off every n makes the result a lower bound of the exact distance, in units of unit(); `gap` says how far below it can
// lie.
#pragma once

#include <cstddef>
#include <vector>

#include "pair_rows.h"

namespace querent {

// Rounded to the float that is not below or not above.
float float_above(double x);
float float_below(double x);

class BoundFrame {
 public:
  BoundFrame(const KernelTable& table, const PairRows& rows, unsigned threads);

  const KernelTable& table() const { return *table_; }
  size_t cols() const { return mean_.size(); }
  // A power of two.
  double unit() const { return unit_; }
  // Writes the point x * factor as f32 [cols]; returns its squared length.
  double place(const double* x, double factor, float* out) const;
  float shortened(double square) const { return float_below(square - slack_ * square - floor_); }
  double gap(double square) const { return 2.1 * (slack_ * square + floor_); }
  // What the rounding of exact cosine distances can amount to, whatever their size.
  double floor() const { return floor_; }

 private:
  const KernelTable* table_;
  std::vector<double> mean_;
  double unit_ = 1;
  double shrink_ = 1;
  double slack_ = 0;
  double floor_ = 0;
};

// Points in a frame: one side of the bounds, or both.
class BoundPoints {
 public:
  static constexpr size_t kBlock = 96;  // rows of a tile: whole panels, and whole row groups of the kernel
  enum Side { kRows = 1, kColumns = 2, kBoth = 3 };

  BoundPoints(const BoundFrame& frame, const PairRows& rows, Side side, unsigned threads);
  // Points x [count, cols], not under cosine.
  BoundPoints(const BoundFrame& frame, const double* x, size_t count, Side side);

  // Points up to whole blocks; those behind the last have bounds far below any distance.
  size_t padded() const { return padded_; }
  double square(size_t point) const { return squares_[point]; }
  const float* values(size_t point) const { return values_.data() + point * frame_->cols(); }
  // The exact distance is at most bound + gap + the other point's gap.
  double gap(size_t point) const { return frame_->gap(squares_[point]); }

  // Bounds of kBlock rows from `row` on against `cols` of the other points from `col` on (multiples of kBoundPanel):
  // returns the largest.
  float tile(size_t row, const BoundPoints& others, size_t col, size_t cols, float* out, size_t stride) const;

 private:
  BoundPoints(const BoundFrame& frame, size_t count, Side side);
  void put(size_t point, const float* values, double square);

  const BoundFrame* frame_;
  size_t padded_;
  LargeArray<float> values_;
  LargeArray<float> panels_;
  std::vector<double> squares_;
  std::vector<float> shortened_;
};

}  // namespace querent
