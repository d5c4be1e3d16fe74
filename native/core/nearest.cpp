#include "nearest.h"

#include <querent/dispatch.h>
#include <querent/parallel.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>

#include "../kernels/tables.h"
#include "lowest.h"
#include "pair_rows.h"

namespace querent {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr size_t kProductRows = 12;         // rows that stay in the first-level cache with their products
constexpr size_t kSampleRows = 512;         // rows that the mean is taken from
constexpr double kOffsetWorthCentring = 8;  // mean |x|^2 / mean |x - mean|^2 above which rows are centred
// Squared norms between which products neither overflow nor lose small terms.
constexpr double kLeastNorm = 0x1p-80;
constexpr double kMostNorm = 0x1p80;
constexpr size_t kVector = 16;  // f32 lanes of the widest level

size_t round_up(size_t n, size_t unit) {
  return (n + unit - 1) / unit * unit;
}

double element(const void* row, Dtype dtype, size_t c, const KernelTable& table) {
  if (dtype == Dtype::f64) return static_cast<const double*>(row)[c];
  if (dtype == Dtype::f32) return double(static_cast<const float*>(row)[c]);
  const float zero = 0;
  float value = 0;
  table.row_to_floats(static_cast<const char*>(row) + c * dtype_bytes(dtype), dtype, 1, &zero, 1, &value);
  return double(value);
}

size_t blocks_of(size_t rows) {
  return (rows + Nearest::kBlockRows - 1) / Nearest::kBlockRows;
}

}  // namespace

Nearest::Nearest(const MatrixView& points, Geometry geometry, Factors factors, unsigned threads)
    : points_(points), geometry_(geometry), factors_(factors), threads_(threads), table_(current_level()) {
  note_level(table_);
  const double terms = double(points.cols) + (geometry == Geometry::gradient ? double(factors.classes) : 0);
  // beyond 2^22 terms the bound says nothing any more: everything is then computed in f64
  kappa_ = terms < 0x1p22 ? (2 * terms + 64) * 0x1p-24 : 1e6;
}

const void* Nearest::raw(size_t row) const {
  return static_cast<const char*>(points_.data) + row * points_.stride * dtype_bytes(points_.dtype);
}

int64_t Nearest::prepare() {
  const size_t rows = points_.rows;
  distance_.assign(rows, kInfinity);
  bar_.assign(rows, -std::numeric_limits<float>::infinity());
  norm_.assign(rows, 0);
  if (rows == 0) return kNoRow;
  choose_packing();
  bool finite = true;
  double most = 0;
  measure_norms(&finite, &most);
  if (!finite || (most > 0 && (most > kMostNorm || most < kLeastNorm))) {
    double largest = 0;
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < points_.cols; ++c) {
        const double x = element(raw(r), points_.dtype, c, table_);
        if (!(std::fabs(x) <= kLargestElement)) return int64_t(r);
        largest = std::max(largest, std::fabs(x - double(mean_[c])));
      }
      if (geometry_ == Geometry::cosine && exact_norm(uint32_t(r)) == 0) return int64_t(r);
    }
    scale_ = largest > 0 ? std::ldexp(1.0, -std::ilogb(largest)) : 1;
    in_place_ = false;
    measure_norms(&finite, &most);
  }
  if (geometry_ == Geometry::euclidean) return kNoRow;
  // a product of two classes' factors may fall below the smallest float: what is lost then, times the other product
  if (geometry_ == Geometry::gradient) slack_ += 2 * double(factors_.classes) * 0x1p-149 * most;
  std::atomic<int64_t> zero{kNoRow};
  parallel_for(blocks_of(rows), threads_, [&](size_t block) {
    const size_t end = std::min(rows, (block + 1) * kBlockRows);
    for (size_t r = block * kBlockRows; r < end; ++r) {
      norm_[r] = exact_norm(uint32_t(r));
      if (geometry_ == Geometry::cosine && norm_[r] == 0) note_lowest(zero, int64_t(r));
    }
  });
  return zero.load();
}

// Centring makes the products accurate when the rows lie far from the origin; it costs a copy of each block.
void Nearest::choose_packing() {
  const size_t cols = points_.cols;
  mean_.assign(cols, 0);
  in_place_ = points_.dtype == Dtype::f32;
  if (geometry_ != Geometry::euclidean) return;
  const size_t step = std::max<size_t>(1, points_.rows / kSampleRows);
  std::vector<double> sum(cols, 0);
  std::vector<float> row(cols);
  const std::vector<float> zero(cols, 0.0f);
  size_t taken = 0;
  double squares = 0;
  for (size_t r = 0; r < points_.rows; r += step, ++taken) {
    table_.row_to_floats(raw(r), points_.dtype, cols, zero.data(), 1, row.data());
    for (size_t c = 0; c < cols; ++c) {
      sum[c] += double(row[c]);
      squares += double(row[c]) * double(row[c]);
    }
  }
  double offset = 0;
  bool usable = true;
  for (size_t c = 0; c < cols; ++c) {
    const double mean = sum[c] / double(taken);
    usable = usable && std::fabs(mean) < 1e30;
    offset += mean * mean;
    mean_[c] = float(mean);
  }
  const double average = squares / double(taken);
  const bool far = average > kOffsetWorthCentring * (average - offset);
  if (!usable || (in_place_ && !far)) {
    mean_.assign(cols, 0);
  } else {
    in_place_ = false;
  }
}

// Norms of the rows as they enter the products.
void Nearest::measure_norms(bool* finite, double* most) {
  const size_t rows = points_.rows;
  std::atomic<bool> all_finite{true};
  parallel_for(blocks_of(rows), threads_, [&](size_t block) {
    float* room = static_cast<float*>(thread_scratch(points_.cols * sizeof(float)));
    const size_t end = std::min(rows, (block + 1) * kBlockRows);
    bool good = true;
    for (size_t r = block * kBlockRows; r < end; ++r) {
      const float norm = table_.squared_norm(left(uint32_t(r), room), points_.cols);
      norm_[r] = double(norm);
      good = good && std::isfinite(norm);
    }
    if (!good) all_finite.store(false);
  });
  *finite = all_finite.load();
  *most = *std::max_element(norm_.begin(), norm_.end());
}

double Nearest::exact_norm(uint32_t row) const {
  const double squared = table_.inner_product(raw(row), raw(row), points_.dtype, points_.cols);
  if (geometry_ == Geometry::cosine) return std::sqrt(squared);
  const float* factor = factors_.data + row * factors_.classes;
  return table_.inner_product(factor, factor, Dtype::f32, factors_.classes) * squared;
}

double Nearest::exact(uint32_t row, uint32_t centre) const {
  if (row == centre) return 0;
  if (geometry_ == Geometry::euclidean) {
    return table_.squared_distance(raw(row), raw(centre), points_.dtype, points_.cols);
  }
  const double product = table_.inner_product(raw(row), raw(centre), points_.dtype, points_.cols);
  if (geometry_ == Geometry::cosine) return std::max(0.0, 1 - product / (norm_[row] * norm_[centre]));
  const double factors = table_.inner_product(factors_.data + row * factors_.classes,
                                              factors_.data + centre * factors_.classes, Dtype::f32, factors_.classes);
  return std::max(0.0, (norm_[row] + norm_[centre]) - 2 * (factors * product));
}

float Nearest::bar(double norm, double distance) const {
  if (distance == 0) return std::numeric_limits<float>::infinity();
  double value = 0;
  if (geometry_ == Geometry::cosine) {
    value = norm * scale_ * (1 - distance - kappa_);
  } else if (geometry_ == Geometry::euclidean) {
    value = (norm * (1 - kappa_) - distance * scale_ * scale_) / 2;
  } else {
    value = (norm * (1 - kappa_) - distance) * (scale_ * scale_) / 2;
  }
  return float(value - std::fabs(value) * 0x1p-22 - slack_);
}

float Nearest::cost(uint32_t row) const {
  if (geometry_ == Geometry::cosine) return 0;
  const double norm = geometry_ == Geometry::euclidean ? norm_[row] : norm_[row] * (scale_ * scale_);
  const double value = norm * (1 - kappa_) / 2;
  return float(value - std::fabs(value) * 0x1p-22);
}

void Nearest::retire(uint32_t row) {
  distance_[row] = 0;
  bar_[row] = std::numeric_limits<float>::infinity();
}

const float* Nearest::left(uint32_t row, float* room) const {
  if (in_place_) return static_cast<const float*>(raw(row));
  table_.row_to_floats(raw(row), points_.dtype, points_.cols, mean_.data(), scale_, room);
  return room;
}

void Nearest::pack_block(size_t begin, size_t end, const float** rows, size_t* stride, float* room) const {
  if (in_place_) {
    *rows = static_cast<const float*>(raw(begin));
    *stride = points_.stride;
    return;
  }
  for (size_t r = begin; r < end; ++r) left(uint32_t(r), room + (r - begin) * points_.cols);
  *rows = room;
  *stride = points_.cols;
}

// A product block reads its rows in an order that the hardware does not foresee.
void Nearest::prefetch_rows(size_t begin, size_t end) const {
  for (size_t r = begin; r < std::min(end, points_.rows); ++r) {
    const auto* row = static_cast<const char*>(raw(r));
    for (size_t at = 0; at < points_.cols * sizeof(float); at += 64) __builtin_prefetch(row + at);
  }
}

namespace {

void into_panels(const float* row, size_t depth, size_t panel_cols, size_t at, float* panels) {
  float* out = panels + at / panel_cols * depth * panel_cols + at % panel_cols;
  for (size_t k = 0; k < depth; ++k) out[k * panel_cols] = row[k];
}

}  // namespace

void Nearest::Panels::pack(const Nearest& nearest, const uint32_t* rows, size_t count) {
  const MatrixView& points = nearest.points_;
  const size_t panel = *nearest.table_.panel_cols;
  count_ = count;
  padded_ = round_up(count, std::max(panel, kVector));
  points_.assign(padded_ * points.cols);
  cost_.assign(padded_, std::numeric_limits<float>::infinity());
  std::vector<float> room(points.cols);
  for (size_t j = 0; j < count; ++j) {
    const uint32_t row = rows[j];
    const float* packed = room.data();
    if (nearest.geometry_ == Geometry::cosine) {
      nearest.table_.row_to_floats(nearest.raw(row), points.dtype, points.cols, nearest.mean_.data(),
                                   1 / nearest.norm_[row], room.data());
    } else {
      packed = nearest.left(row, room.data());
    }
    into_panels(packed, points.cols, panel, j, points_.data());
    cost_[j] = nearest.cost(row);
  }
  if (nearest.geometry_ != Geometry::gradient) return;
  const size_t classes = nearest.factors_.classes;
  factors_.assign(padded_ * classes);
  for (size_t j = 0; j < count; ++j) {
    into_panels(nearest.factors_.data + rows[j] * classes, classes, panel, j, factors_.data());
  }
}

size_t Nearest::Panels::closer(const Nearest& nearest, uint32_t row, const double* distance, uint32_t* hits) const {
  const MatrixView& points = nearest.points_;
  float* room = static_cast<float*>(thread_scratch((points.cols + padded_) * sizeof(float)));
  float* products = room + points.cols;
  nearest.table_.row_products(nearest.left(row, room), 0, 1, points_.data(), count_, points.cols, products, 0);
  const double norm = nearest.norm_[row];
  size_t found = 0;
  for (size_t j = 0; j < count_; ++j) {
    hits[found] = uint32_t(j);
    found += products[j] - cost_[j] >= nearest.bar(norm, distance[j]) ? 1 : 0;
  }
  return found;
}

void Nearest::refine(uint32_t row, uint64_t mask, const uint32_t* centres, const float* products, const float* factors,
                     const float* cost) {
  const auto gain = [&](size_t j) { return (factors == nullptr ? products[j] : products[j] * factors[j]) - cost[j]; };
  if (mask == 0) return;  // the input changed meanwhile
  size_t best = size_t(std::countr_zero(mask));
  for (uint64_t rest = mask & (mask - 1); rest != 0; rest &= rest - 1) {
    const auto j = size_t(std::countr_zero(rest));
    if (gain(j) > gain(best)) best = j;
  }
  double distance = std::min(distance_[row], exact(row, centres[best]));
  float least = bar(norm_[row], distance);
  for (uint64_t rest = mask & ~(uint64_t{1} << best); rest != 0 && distance > 0; rest &= rest - 1) {
    const auto j = size_t(std::countr_zero(rest));
    if (!(gain(j) >= least)) continue;
    const double other = exact(row, centres[j]);
    if (other >= distance) continue;
    distance = other;
    least = bar(norm_[row], distance);
  }
  distance_[row] = distance;
  bar_[row] = least;
}

bool Nearest::add(const uint32_t* centres, size_t count, const Control& control) {
  if (count == 0) return true;
  Panels panels;
  panels.pack(*this, centres, count);
  const size_t rows = points_.rows;
  const size_t width = panels.padded_;
  const bool two = geometry_ == Geometry::gradient;
  const size_t packed = in_place_ ? 0 : kProductRows * points_.cols;
  const uint64_t all = ~uint64_t{0} >> (64 - count);  // the rest of the last vector meets no bar but that of infinity
  std::atomic<bool> stopped{false};
  parallel_for(blocks_of(rows), threads_, [&](size_t block) {
    if (stopped.load(std::memory_order_relaxed)) return;
    if (control.stopped()) {
      stopped.store(true);
      return;
    }
    const size_t products_size = round_up(kProductRows * width, kVector);
    float* products = static_cast<float*>(
        thread_scratch((2 * products_size + round_up(packed, kVector) + 3 * (kProductRows + 1)) * sizeof(float)));
    float* factors = products + products_size;
    float* room = factors + products_size;
    auto* masks = reinterpret_cast<uint64_t*>(room + round_up(packed, kVector));
    auto* hits = reinterpret_cast<uint32_t*>(masks + kProductRows + 1);
    const size_t end = std::min(rows, (block + 1) * kBlockRows);
    for (size_t begin = block * kBlockRows; begin < end; begin += kProductRows) {
      const size_t n = std::min(kProductRows, end - begin);
      const float* left = nullptr;
      size_t stride = 0;
      pack_block(begin, begin + n, &left, &stride, room);
      if (in_place_) prefetch_rows(begin + n, begin + 2 * kProductRows);
      table_.row_products(left, stride, n, panels.points_.data(), count, points_.cols, products, width);
      if (two) {
        table_.row_products(factors_.data + begin * factors_.classes, factors_.classes, n, panels.factors_.data(),
                            count, factors_.classes, factors, width);
      }
      const size_t found = table_.screen_rows(products, two ? factors : nullptr, width, n, count, panels.cost_.data(),
                                              bar_.data() + begin, hits, masks);
      for (size_t i = 0; i < found; ++i) {
        const size_t r = hits[i];
        refine(uint32_t(begin + r), masks[i] & all, centres, products + r * width, two ? factors + r * width : nullptr,
               panels.cost_.data());
      }
    }
  });
  return !stopped.load();
}

}  // namespace querent
