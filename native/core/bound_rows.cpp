#include "bound_rows.h"

#include <querent/parallel.h>

#include <algorithm>
#include <cmath>

namespace querent {
namespace {

constexpr size_t kParts = 16;  // of the rows, for the mean
constexpr float kFar = -1e30f;
constexpr double kFarthest = 1e28;

// What a row is multiplied with: under cosine |x - y|² of the results is 1 - cos.
double factor_of(const PairRows& rows, size_t row) {
  return rows.metric() == Metric::cosine ? 1 / (rows.lengths()[row] * std::sqrt(2.0)) : 1;
}

size_t whole_blocks(size_t count) {
  return (std::max<size_t>(count, 1) + BoundPoints::kBlock - 1) / BoundPoints::kBlock * BoundPoints::kBlock;
}

}  // namespace

float float_above(double x) {
  const auto f = float(x);
  return double(f) < x ? std::nextafterf(f, HUGE_VALF) : f;
}

float float_below(double x) {
  const auto f = float(x);
  return double(f) > x ? std::nextafterf(f, -HUGE_VALF) : f;
}

BoundFrame::BoundFrame(const KernelTable& table, const PairRows& rows, unsigned threads)
    : table_(&table), mean_(rows.cols()) {
  const size_t cols = rows.cols();
  std::vector<std::vector<double>> sums(kParts, std::vector<double>(cols));
  std::vector<double> largest(kParts);
  parallel_for(kParts, threads, [&](size_t part) {
    std::vector<double> x(cols);
    for (size_t row = part; row < rows.rows(); row += kParts) {
      rows.widen(row, x.data());
      const double factor = factor_of(rows, row);
      for (size_t c = 0; c < cols; ++c) {
        sums[part][c] += x[c] * factor;
        largest[part] = std::max(largest[part], std::fabs(x[c] * factor));
      }
    }
  });
  for (const auto& sum : sums) {
    for (size_t c = 0; c < cols; ++c) mean_[c] += sum[c] / double(std::max<size_t>(rows.rows(), 1));
  }
  const double most = *std::max_element(largest.begin(), largest.end());
  const int exponent = most > 0 ? std::clamp(std::ilogb(most) + 1, -400, 400) : 0;
  unit_ = std::ldexp(1.0, 2 * exponent);
  shrink_ = std::ldexp(1.0, -exponent);
  slack_ = double(cols + 16) * 0x1.05p-24;
  if (slack_ > 0.25) slack_ = 1e10;  // rows this long have no bound: every pair is looked at
  floor_ = (rows.metric() == Metric::cosine ? double(cols + 64) * 0x1p-52 / unit_ : 0) + 1e-36;
}

double BoundFrame::place(const double* x, double factor, float* out) const {
  double square = 0;
  for (size_t c = 0; c < mean_.size(); ++c) {
    out[c] = float((x[c] * factor - mean_[c]) * shrink_);
    square += double(out[c]) * double(out[c]);
  }
  return square;
}

BoundPoints::BoundPoints(const BoundFrame& frame, size_t count, Side side)
    : frame_(&frame), padded_(whole_blocks(count)), squares_(padded_), shortened_(padded_, kFar) {
  if (side & kRows) values_ = LargeArray<float>(padded_ * frame.cols());
  if (side & kColumns) panels_ = LargeArray<float>(padded_ * frame.cols());
}

BoundPoints::BoundPoints(const BoundFrame& frame, const PairRows& rows, Side side, unsigned threads)
    : BoundPoints(frame, rows.rows(), side) {
  parallel_for(padded_ / kBlock, threads, [&](size_t block) {
    std::vector<double> x(frame.cols());
    std::vector<float> y(frame.cols());
    for (size_t row = block * kBlock; row < (block + 1) * kBlock; ++row) {
      double square = 0;
      std::fill(y.begin(), y.end(), 0.0f);
      if (row < rows.rows()) {
        rows.widen(row, x.data());
        square = frame.place(x.data(), factor_of(rows, row), y.data());
        shortened_[row] = frame.shortened(square);
      }
      put(row, y.data(), square);
    }
  });
}

BoundPoints::BoundPoints(const BoundFrame& frame, const double* x, size_t count, Side side)
    : BoundPoints(frame, count, side) {
  std::vector<float> y(frame.cols());
  for (size_t i = 0; i < padded_; ++i) {
    double square = 0;
    std::fill(y.begin(), y.end(), 0.0f);
    if (i < count) {
      square = frame.place(x + i * frame.cols(), 1, y.data());
      // a point so far from the rows has no bound
      if (square < kFarthest) {
        shortened_[i] = frame.shortened(square);
      } else {
        std::fill(y.begin(), y.end(), 0.0f);
      }
    }
    put(i, y.data(), square);
  }
}

void BoundPoints::put(size_t point, const float* y, double square) {
  const size_t cols = frame_->cols();
  squares_[point] = square;
  if (values_.data() != nullptr) std::copy(y, y + cols, values_.data() + point * cols);
  if (panels_.data() == nullptr) return;
  float* panel = panels_.data() + point / kBoundPanel * kBoundPanel * cols + point % kBoundPanel;
  for (size_t c = 0; c < cols; ++c) panel[c * kBoundPanel] = y[c];
}

float BoundPoints::tile(size_t row, const BoundPoints& others, size_t col, size_t cols, float* out,
                        size_t stride) const {
  const size_t depth = frame_->cols();
  float most = -HUGE_VALF;
  for (size_t at = 0; at < cols; at += kBoundPanel) {
    most = std::max(most, frame_->table().bound_block(values(row), shortened_.data() + row, kBlock, depth,
                                                      others.panels_.data() + (col + at) * depth,
                                                      others.shortened_.data() + col + at, out + at, stride));
  }
  return most;
}

}  // namespace querent
