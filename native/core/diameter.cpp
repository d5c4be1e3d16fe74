#include <algorithm>

#include "facility_parts.h"

namespace querent {

Diameter::Diameter(const PairRows& rows) : rows_(rows), most_(0) {
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
    take(distances[from]);
  }
}

void Diameter::take(double distance) {
  double seen = most_.load();
  while (distance > seen && !most_.compare_exchange_weak(seen, distance)) {
  }
}

void Diameter::look(const BoundFrame& frame, const BoundPoints& bounds, size_t row, size_t col, float most,
                    const float* tile, size_t stride) {
  if (rows_.metric() == Metric::cosine) return;
  const size_t rows = std::min(BoundPoints::kBlock, rows_.rows() - row);
  const size_t cols = std::min(BoundPoints::kBlock, rows_.rows() - col);
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

}  // namespace querent
