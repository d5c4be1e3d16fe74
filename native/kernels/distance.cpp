// Distances between rows: blocks of inner products in f32, fast and with a known error bound, and single pairs in f64,
// which are what distances are defined as.
#include <algorithm>
#include <limits>

#include "level_functions.h"
#include "tile.h"

namespace querent::QUERENT_LEVEL {
namespace {

using F = Simd<float>;
using D = Simd<double>;

// A register tile: kTileProductRows rows of the left side by kPanelVectors vectors of the right side's columns.
#if defined(QUERENT_SCALAR)
inline constexpr size_t kPanelVectors = 4;
#elif HWY_TARGET == HWY_AVX2
inline constexpr size_t kPanelVectors = 2;  // 16 registers: 6 x 2 sums, 2 columns, 1 element
#else
inline constexpr size_t kPanelVectors = 4;  // 32 registers: 6 x 4 sums, 4 columns, 1 element
#endif
inline constexpr size_t kTileProductRows = 6;
inline constexpr size_t kPanel = kPanelVectors * F::W;
// One row alone keeps this many panels going, or the latency of its additions would show.
inline constexpr size_t kRowPanels = 8 / kPanelVectors;

// Elements of a row that are multiplied before the next panel: a panel's part stays in the first-level cache.
inline constexpr size_t kDepthBlock = 256;

// out[r][j] = sum over k of a[r][k] * panel[k][j], one fma per k in the order of k: a function of the pair alone.
template <size_t M, size_t N>
QUERENT_INLINE void product_tile(const float* a, size_t stride, const float* panel, size_t depth, bool first,
                                 float* out, size_t out_stride) {
  F::V sum[M][N];
#pragma GCC unroll 16
  for (size_t r = 0; r < M; ++r) {
#pragma GCC unroll 16
    for (size_t j = 0; j < N; ++j) sum[r][j] = first ? F::zero() : F::load(out + r * out_stride + j * F::W);
  }
  for (size_t k = 0; k < depth; ++k) {
    F::V column[N];
#pragma GCC unroll 16
    for (size_t j = 0; j < N; ++j) column[j] = F::load(panel + k * kPanel + j * F::W);
#pragma GCC unroll 16
    for (size_t r = 0; r < M; ++r) {
      const F::V x = F::set(a[r * stride + k]);
#pragma GCC unroll 16
      for (size_t j = 0; j < N; ++j) sum[r][j] = F::fma(x, column[j], sum[r][j]);
    }
  }
#pragma GCC unroll 16
  for (size_t r = 0; r < M; ++r) {
#pragma GCC unroll 16
    for (size_t j = 0; j < N; ++j) F::store(sum[r][j], out + r * out_stride + j * F::W);
  }
}

template <size_t M>
QUERENT_INLINE void product_panel(size_t vectors, const float* a, size_t stride, const float* panel, size_t depth,
                                  bool first, float* out, size_t out_stride) {
  if (vectors == kPanelVectors) {
    product_tile<M, kPanelVectors>(a, stride, panel, depth, first, out, out_stride);
  } else if (vectors == 1) {
    product_tile<M, 1>(a, stride, panel, depth, first, out, out_stride);
  } else if (vectors == 2) {
    product_tile<M, 2>(a, stride, panel, depth, first, out, out_stride);
  } else {
    product_tile<M, 3>(a, stride, panel, depth, first, out, out_stride);
  }
}

// One row by kRowPanels whole panels.
QUERENT_INLINE void product_row(const float* a, const float* panels, size_t depth, float* out) {
  F::V sum[kRowPanels][kPanelVectors];
#pragma GCC unroll 16
  for (size_t p = 0; p < kRowPanels; ++p) {
#pragma GCC unroll 16
    for (size_t j = 0; j < kPanelVectors; ++j) sum[p][j] = F::zero();
  }
  for (size_t k = 0; k < depth; ++k) {
    const F::V x = F::set(a[k]);
#pragma GCC unroll 16
    for (size_t p = 0; p < kRowPanels; ++p) {
#pragma GCC unroll 16
      for (size_t j = 0; j < kPanelVectors; ++j) {
        sum[p][j] = F::fma(x, F::load(panels + p * depth * kPanel + k * kPanel + j * F::W), sum[p][j]);
      }
    }
  }
#pragma GCC unroll 16
  for (size_t p = 0; p < kRowPanels; ++p) {
#pragma GCC unroll 16
    for (size_t j = 0; j < kPanelVectors; ++j) F::store(sum[p][j], out + p * kPanel + j * F::W);
  }
}

template <bool kTwo>
QUERENT_INLINE size_t screen(const float* a, const float* b, size_t stride, size_t rows, size_t cols, const float* cost,
                             const float* bar, uint32_t* hits, uint64_t* masks) {
  const auto gain = [&](size_t r, size_t j) {
    F::V x = F::load(a + r * stride + j);
    if constexpr (kTwo) x = x * F::load(b + r * stride + j);
    return x - F::load(cost + j);
  };
  size_t found = 0;
  for (size_t r = 0; r < rows; ++r) {
    F::V best = F::set(-std::numeric_limits<float>::infinity());
    for (size_t j = 0; j < cols; j += F::W) best = F::max(gain(r, j), best);
    const F::V least = F::set(bar[r]);
    if (!F::any(F::le(least, best))) continue;
    uint64_t mask = 0;
    for (size_t j = 0; j < cols; j += F::W) mask |= F::mask_bits(F::le(least, gain(r, j))) << j;
    hits[found] = uint32_t(r);
    masks[found] = mask;
    ++found;
  }
  return found;
}

QUERENT_INLINE void widen_chunk(const void* row, Dtype dtype, size_t at, size_t n, float* out) {
  if (dtype == Dtype::u8) {
    const uint8_t* p = static_cast<const uint8_t*>(row) + at;
    for (size_t i = 0; i < n; ++i) out[i] = float(p[i]);
  } else {
    widen_row(static_cast<const uint16_t*>(row) + at, dtype, n, out);
  }
}

// 64 elements of a row as T, in place where the row has them.
template <class T>
struct InPlace {
  const T* row;
  size_t cols;
  QUERENT_INLINE const T* chunk(size_t at, T* room) const {
    if (at + kVirtualLanes <= cols) return row + at;
    std::memcpy(room, row + at, (cols - at) * sizeof(T));
    std::fill(room + (cols - at), room + kVirtualLanes, T(0));
    return room;
  }
};

struct Widened {
  const void* row;
  Dtype dtype;
  size_t cols;
  QUERENT_INLINE const float* chunk(size_t at, float* room) const {
    const size_t n = std::min(kVirtualLanes, cols - at);
    widen_chunk(row, dtype, at, n, room);
    std::fill(room + n, room + kVirtualLanes, 0.0f);
    return room;
  }
};

// Sum of (x - y)^2 or of x * y in f64: element c joins lane c mod 64, and the lanes fold by halves.
template <bool kDifference, class T, class Rows>
QUERENT_INLINE double reduce_pair(const Rows& a, const Rows& b, size_t cols) {
  constexpr size_t kAll = kVirtualLanes / D::W;
  constexpr size_t kGroup = kAll < 8 ? kAll : 8;  // sums that stay in registers
  alignas(64) T room_a[kVirtualLanes];
  alignas(64) T room_b[kVirtualLanes];
  D::V all[kAll];
#pragma GCC unroll 8
  for (size_t first = 0; first < kAll; first += kGroup) {
    D::V sum[kGroup];
#pragma GCC unroll 16
    for (size_t j = 0; j < kGroup; ++j) sum[j] = D::zero();
    for (size_t c = 0; c + first * D::W < cols; c += kVirtualLanes) {
      const T* x = a.chunk(c, room_a) + first * D::W;
      const T* y = b.chunk(c, room_b) + first * D::W;
#pragma GCC unroll 16
      for (size_t j = 0; j < kGroup; ++j) {
        const D::V p = D::load_as(x + j * D::W);
        const D::V q = D::load_as(y + j * D::W);
        if constexpr (kDifference) {
          const D::V t = p - q;
          sum[j] = sum[j] + t * t;
        } else {
          sum[j] = sum[j] + p * q;
        }
      }
    }
#pragma GCC unroll 16
    for (size_t j = 0; j < kGroup; ++j) all[first + j] = sum[j];
  }
#pragma GCC unroll 8
  for (size_t half = kAll / 2; half > 0; half /= 2) {
#pragma GCC unroll 32
    for (size_t j = 0; j < half; ++j) all[j] = all[j] + all[j + half];
  }
  alignas(64) double lanes[D::W];
  D::store(all[0], lanes);
#pragma GCC unroll 8
  for (size_t half = D::W / 2; half > 0; half /= 2) {
    for (size_t j = 0; j < half; ++j) lanes[j] = lanes[j] + lanes[j + half];
  }
  return lanes[0];
}

template <bool kDifference>
double reduce_rows(const void* a, const void* b, Dtype dtype, size_t cols) {
  if (dtype == Dtype::f32) {
    return reduce_pair<kDifference, float>(InPlace<float>{static_cast<const float*>(a), cols},
                                           InPlace<float>{static_cast<const float*>(b), cols}, cols);
  }
  if (dtype == Dtype::f64) {
    return reduce_pair<kDifference, double>(InPlace<double>{static_cast<const double*>(a), cols},
                                            InPlace<double>{static_cast<const double*>(b), cols}, cols);
  }
  return reduce_pair<kDifference, float>(Widened{a, dtype, cols}, Widened{b, dtype, cols}, cols);
}

}  // namespace

extern const size_t kPanelCols;
const size_t kPanelCols = kPanel;

void row_products(const float* a, size_t stride, size_t rows, const float* panels, size_t cols, size_t depth,
                  float* out, size_t out_stride) {
  size_t done = 0;
  if (rows == 1) {
    constexpr size_t kTogether = kRowPanels * kPanel;
    for (; done + kTogether <= cols; done += kTogether) product_row(a, panels + done * depth, depth, out + done);
  }
  for (size_t k = 0; k < depth; k += kDepthBlock) {
    const size_t part = std::min(kDepthBlock, depth - k);
    for (size_t j = done; j < cols; j += kPanel) {
      const size_t vectors = (std::min(kPanel, cols - j) + F::W - 1) / F::W;
      const float* panel = panels + j * depth + k * kPanel;
      size_t r = 0;
      for (; r + kTileProductRows <= rows; r += kTileProductRows) {
        product_panel<kTileProductRows>(vectors, a + r * stride + k, stride, panel, part, k == 0,
                                        out + r * out_stride + j, out_stride);
      }
      for (; r < rows; ++r) {
        product_panel<1>(vectors, a + r * stride + k, stride, panel, part, k == 0, out + r * out_stride + j,
                         out_stride);
      }
    }
  }
}

size_t screen_rows(const float* a, const float* b, size_t stride, size_t rows, size_t cols, const float* cost,
                   const float* bar, uint32_t* hits, uint64_t* masks) {
  return b == nullptr ? screen<false>(a, b, stride, rows, cols, cost, bar, hits, masks)
                      : screen<true>(a, b, stride, rows, cols, cost, bar, hits, masks);
}

void row_to_floats(const void* row, Dtype dtype, size_t cols, const float* mean, double scale, float* out) {
  if (dtype == Dtype::f64) {
    const double* x = static_cast<const double*>(row);
    for (size_t c = 0; c < cols; ++c) out[c] = float((x[c] - double(mean[c])) * scale);
    return;
  }
  const float* x = static_cast<const float*>(row);
  if (dtype != Dtype::f32) {
    widen_chunk(row, dtype, 0, cols, out);
    x = out;
  }
  const float factor = float(scale);
  if (factor > 1e-30f && factor < 1e30f) {
    const F::V by = F::set(factor);
    size_t c = 0;
    for (; c + F::W <= cols; c += F::W) F::store((F::load(x + c) - F::load(mean + c)) * by, out + c);
    for (; c < cols; ++c) out[c] = (x[c] - mean[c]) * factor;
  } else {
    for (size_t c = 0; c < cols; ++c) out[c] = float((double(x[c]) - double(mean[c])) * scale);
  }
}

float squared_norm(const float* row, size_t cols) {
  F::V sum[4] = {F::zero(), F::zero(), F::zero(), F::zero()};
  size_t c = 0;
  for (; c + 4 * F::W <= cols; c += 4 * F::W) {
#pragma GCC unroll 4
    for (size_t j = 0; j < 4; ++j) {
      const F::V x = F::load(row + c + j * F::W);
      sum[j] = F::fma(x, x, sum[j]);
    }
  }
  alignas(64) float lanes[F::W];
  F::store((sum[0] + sum[1]) + (sum[2] + sum[3]), lanes);
  float total = 0;
  for (size_t j = 0; j < F::W; ++j) total += lanes[j];
  for (; c < cols; ++c) total += row[c] * row[c];
  return total;
}

double squared_distance(const void* a, const void* b, Dtype dtype, size_t cols) {
  return reduce_rows<true>(a, b, dtype, cols);
}

double inner_product(const void* a, const void* b, Dtype dtype, size_t cols) {
  return reduce_rows<false>(a, b, dtype, cols);
}

}  // namespace querent::QUERENT_LEVEL
