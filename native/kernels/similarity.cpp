// Pairs of rows: exact sums over all pairs of two blocks or over a list of rows, and cheap lower bounds of squared
// distances that rule most pairs out.
//
// The exact sums are f64, in the order of the distance definition: column c goes to lane c mod 64, the product is
// rounded before it is added, lanes fold by halves. For blocks the SIMD lanes are pairs, so no fold crosses a vector:
// the 64 lanes are visited depth-first, and at most seven partial sums wait at a time.
#include "level_functions.h"
#include "tile.h"

namespace querent::QUERENT_LEVEL {
namespace {

using D = Simd<double>;
using F = Simd<float>;

// The lanes of a row in the order in which the fold wants them, and how many waiting sums each one completes.
struct FoldOrder {
  size_t count = 0;
  uint8_t lane[kVirtualLanes];
  uint8_t merges[kVirtualLanes];

  explicit FoldOrder(size_t cols) { visit(0, 1, cols); }

 private:
  // Lanes lane, lane + step, lane + 2 step, …; those at cols and beyond hold zeros and are left out.
  void visit(size_t first, size_t step, size_t cols) {
    if (step == kVirtualLanes) {
      lane[count] = uint8_t(first);
      merges[count++] = 0;
      return;
    }
    visit(first, 2 * step, cols);
    if (first + step >= cols) return;
    visit(first + step, 2 * step, cols);
    ++merges[count - 1];
  }
};

constexpr size_t kPairRows = 4;
constexpr size_t kPairVectors = 2;
constexpr size_t kWaiting = 7;

// Four rows against kPairVectors vectors of columns of a panel.
template <bool Dot>
QUERENT_INLINE void pair_tile(const FoldOrder& order, const double* const* x, size_t cols, const double* panel,
                              double* const* out) {
  using V = D::V;
  V waiting[kWaiting][kPairRows][kPairVectors];
  size_t depth = 0;
  for (size_t i = 0; i < order.count; ++i) {
    V sum[kPairRows][kPairVectors];
    size_t c = order.lane[i];
    if constexpr (Dot) {
      for (size_t r = 0; r < kPairRows; ++r) {
        for (size_t v = 0; v < kPairVectors; ++v) sum[r][v] = D::zero();
      }
    } else {
      // the first square is what 0 plus the first square is
      V y[kPairVectors];
      for (size_t v = 0; v < kPairVectors; ++v) y[v] = D::load(panel + c * kPairPanel + v * D::W);
      for (size_t r = 0; r < kPairRows; ++r) {
        const V a = D::set(x[r][c]);
        for (size_t v = 0; v < kPairVectors; ++v) {
          const V t = a - y[v];
          sum[r][v] = t * t;
        }
      }
      c += kVirtualLanes;
    }
    for (; c < cols; c += kVirtualLanes) {
      V y[kPairVectors];
      for (size_t v = 0; v < kPairVectors; ++v) y[v] = D::load(panel + c * kPairPanel + v * D::W);
      for (size_t r = 0; r < kPairRows; ++r) {
        const V a = D::set(x[r][c]);
        for (size_t v = 0; v < kPairVectors; ++v) {
          if constexpr (Dot) {
            sum[r][v] = sum[r][v] + a * y[v];
          } else {
            const V t = a - y[v];
            sum[r][v] = sum[r][v] + t * t;
          }
        }
      }
    }
    for (size_t m = order.merges[i]; m > 0; --m) {
      --depth;
      for (size_t r = 0; r < kPairRows; ++r) {
        for (size_t v = 0; v < kPairVectors; ++v) sum[r][v] = waiting[depth][r][v] + sum[r][v];
      }
    }
    for (size_t r = 0; r < kPairRows; ++r) {
      for (size_t v = 0; v < kPairVectors; ++v) waiting[depth][r][v] = sum[r][v];
    }
    ++depth;
  }
  for (size_t r = 0; r < kPairRows; ++r) {
    for (size_t v = 0; v < kPairVectors; ++v) D::store(waiting[0][r][v], out[r] + v * D::W);
  }
}

template <bool Dot>
void pair_block(const double* x, size_t rows, size_t cols, size_t stride, const double* panel, double* out,
                size_t out_stride) {
  const FoldOrder order(cols);
  alignas(64) double unused[kPairPanel];
  for (size_t r = 0; r < rows; r += kPairRows) {
    const double* from[kPairRows];
    double* to[kPairRows];
    for (size_t i = 0; i < kPairRows; ++i) {
      const bool is_row = r + i < rows;
      from[i] = x + (is_row ? r + i : r) * stride;
      to[i] = is_row ? out + (r + i) * out_stride : unused;
    }
    for (size_t j = 0; j < kPairPanel; j += kPairVectors * D::W) {
      double* at[kPairRows];
      for (size_t i = 0; i < kPairRows; ++i) at[i] = to[i] + j;
      pair_tile<Dot>(order, from, cols, panel + j, at);
    }
  }
}

template <bool Dot>
QUERENT_INLINE D::V joined(D::V sum, D::V x, D::V y) {
  if constexpr (Dot) {
    return sum + x * y;
  } else {
    const D::V t = x - y;
    return sum + t * t;
  }
}

// Half of the 64 lanes of one pair, from lane `first` on.
template <bool Dot, class T>
QUERENT_INLINE void half_lanes(const double* x, const T* y, size_t cols, size_t first, D::V* sum) {
  constexpr size_t N = kVirtualLanes / 2 / D::W;
  for (size_t j = 0; j < N; ++j) sum[j] = D::zero();
  size_t c = first;
  for (; c + kVirtualLanes / 2 <= cols; c += kVirtualLanes) {
#pragma GCC unroll 16
    for (size_t j = 0; j < N; ++j) {
      sum[j] = joined<Dot>(sum[j], D::load(x + c + j * D::W), D::load_as(y + c + j * D::W));
    }
  }
  for (size_t j = 0; j < N && c + j * D::W < cols; ++j) {
    const size_t at = c + j * D::W;
    if (at + D::W <= cols) {
      sum[j] = joined<Dot>(sum[j], D::load(x + at), D::load_as(y + at));
    } else {
      alignas(64) double a[D::W] = {};
      alignas(64) double b[D::W] = {};
      for (size_t i = 0; at + i < cols; ++i) {
        a[i] = x[at + i];
        b[i] = double(y[at + i]);
      }
      sum[j] = joined<Dot>(sum[j], D::load(a), D::load(b));
    }
  }
}

template <bool Dot, class T>
QUERENT_INLINE double pair_sum(const double* x, const T* y, size_t cols) {
  constexpr size_t N = kVirtualLanes / 2 / D::W;
  D::V low[N];
  D::V high[N];
  half_lanes<Dot>(x, y, cols, 0, low);
  half_lanes<Dot>(x, y, cols, kVirtualLanes / 2, high);
  for (size_t j = 0; j < N; ++j) low[j] = low[j] + high[j];
#pragma GCC unroll 5
  for (size_t n = N / 2; n > 0; n /= 2) {
    for (size_t j = 0; j < n; ++j) low[j] = low[j] + low[j + n];
  }
  alignas(64) double lanes[D::W];
  D::store(low[0], lanes);
  for (size_t n = D::W / 2; n > 0; n /= 2) {
    for (size_t j = 0; j < n; ++j) lanes[j] = lanes[j] + lanes[j + n];
  }
  return lanes[0];
}

template <bool Dot, class T>
void pair_rows(const double* x, const MatrixView& view, const uint32_t* rows, size_t count, double* out) {
  const T* data = static_cast<const T*>(view.data);
  for (size_t i = 0; i < count; ++i) {
    if (i + 4 < count) __builtin_prefetch(data + size_t(rows[i + 4]) * view.stride);
    out[i] = pair_sum<Dot>(x, data + size_t(rows[i]) * view.stride, view.cols);
  }
}

constexpr size_t kBoundRows = 6;
constexpr size_t kBoundVectors = 2;

// Bounds are not results: any rounding will do. The scalar level has no fused instruction, and libm's is slow.
QUERENT_INLINE F::V product_sum(F::V a, F::V b, F::V sum) {
  if constexpr (F::W == 1) {
    return sum + a * b;
  } else {
    return F::fma(a, b, sum);
  }
}

}  // namespace

void rows_as_f64(const MatrixView& view, size_t begin, size_t end, double* out) {
  constexpr size_t kPart = 256;
  float part[kPart];
  for (size_t r = begin; r < end; ++r, out += view.cols) {
    const size_t at = r * view.stride;
    switch (view.dtype) {
      case Dtype::f64:
        std::memcpy(out, static_cast<const double*>(view.data) + at, view.cols * sizeof(double));
        break;
      case Dtype::f32: {
        const float* p = static_cast<const float*>(view.data) + at;
        for (size_t c = 0; c < view.cols; ++c) out[c] = double(p[c]);
        break;
      }
      case Dtype::u8: {
        const uint8_t* p = static_cast<const uint8_t*>(view.data) + at;
        for (size_t c = 0; c < view.cols; ++c) out[c] = double(p[c]);
        break;
      }
      default: {
        const uint16_t* p = static_cast<const uint16_t*>(view.data) + at;
        for (size_t c = 0; c < view.cols; c += kPart) {
          const size_t n = view.cols - c < kPart ? view.cols - c : kPart;
          widen_row(p + c, view.dtype, n, part);
          for (size_t i = 0; i < n; ++i) out[c + i] = double(part[i]);
        }
      }
    }
  }
}

void pair_block_sums(bool dot, const double* x, size_t rows, size_t cols, size_t stride, const double* panel,
                     double* out, size_t out_stride) {
  if (dot) {
    pair_block<true>(x, rows, cols, stride, panel, out, out_stride);
  } else {
    pair_block<false>(x, rows, cols, stride, panel, out, out_stride);
  }
}

void pair_list_sums(bool dot, const double* x, const MatrixView& view, const uint32_t* rows, size_t count,
                    double* out) {
  if (view.dtype == Dtype::f64) {
    dot ? pair_rows<true, double>(x, view, rows, count, out) : pair_rows<false, double>(x, view, rows, count, out);
  } else {
    dot ? pair_rows<true, float>(x, view, rows, count, out) : pair_rows<false, float>(x, view, rows, count, out);
  }
}

// Squared distances |x|² + |y|² - 2 x·y in f32 of kBoundRows rows at a time against the panel's columns.
float bound_block(const float* x, const float* x_squares, size_t rows, size_t cols, const float* panel,
                  const float* y_squares, float* out, size_t out_stride) {
  using V = F::V;
  V largest = F::set(-3e38f);
  for (size_t r = 0; r < rows; r += kBoundRows) {
    const size_t n = rows - r < kBoundRows ? rows - r : kBoundRows;
    const float* from[kBoundRows];
    for (size_t i = 0; i < kBoundRows; ++i) from[i] = x + (i < n ? r + i : r) * cols;
    for (size_t j = 0; j < kBoundPanel; j += kBoundVectors * F::W) {
      const float* y = panel + j;
      V dot[kBoundRows][kBoundVectors];
#pragma GCC unroll 8
      for (size_t i = 0; i < kBoundRows; ++i) {
#pragma GCC unroll 2
        for (size_t v = 0; v < kBoundVectors; ++v) dot[i][v] = F::zero();
      }
      for (size_t c = 0; c < cols; ++c) {
        V b[kBoundVectors];
#pragma GCC unroll 2
        for (size_t v = 0; v < kBoundVectors; ++v) b[v] = F::load(y + c * kBoundPanel + v * F::W);
#pragma GCC unroll 8
        for (size_t i = 0; i < kBoundRows; ++i) {
          const V a = F::set(from[i][c]);
#pragma GCC unroll 2
          for (size_t v = 0; v < kBoundVectors; ++v) dot[i][v] = product_sum(a, b[v], dot[i][v]);
        }
      }
      for (size_t v = 0; v < kBoundVectors; ++v) {
        const V squares = F::load(y_squares + j + v * F::W);
        for (size_t i = 0; i < n; ++i) {
          const V bound = F::set(x_squares[r + i]) + squares - (dot[i][v] + dot[i][v]);
          largest = F::max(largest, bound);
          F::store(bound, out + (r + i) * out_stride + j + v * F::W);
        }
      }
    }
  }
  alignas(64) float lanes[F::W];
  F::store(largest, lanes);
  float most = lanes[0];
  for (size_t i = 1; i < F::W; ++i) most = lanes[i] > most ? lanes[i] : most;
  return most;
}

void transpose_block(const float* in, size_t in_stride, size_t rows, size_t cols, float* out, size_t out_stride) {
  for (size_t c = 0; c < cols; c += 4) {
    for (size_t r = 0; r < rows; r += F::W) {
      F::V column[4];
      F::load_columns4(in + r * in_stride + c, in_stride, column);
      for (size_t i = 0; i < 4; ++i) F::store(column[i], out + (c + i) * out_stride + r);
    }
  }
}

double bound_gain(const float* reach, const float* bounds, size_t n) {
  constexpr size_t kChunk = 1024;
  constexpr size_t kSums = 4;
  double total = 0;
  for (size_t begin = 0; begin < n; begin += kChunk) {
    const size_t end = n - begin < kChunk ? n : begin + kChunk;
    F::V sum[kSums];
    for (auto& s : sum) s = F::zero();
    for (size_t i = begin; i < end; i += kSums * F::W) {
#pragma GCC unroll 4
      for (size_t j = 0; j < kSums; ++j) {
        const F::V gain = F::load(reach + i + j * F::W) - F::load(bounds + i + j * F::W);
        sum[j] = sum[j] + F::max(gain, F::zero());
      }
    }
    alignas(64) float lanes[F::W];
    F::store((sum[0] + sum[1]) + (sum[2] + sum[3]), lanes);
    for (const float lane : lanes) total += double(lane);
  }
  return total;
}

void bound_tile_gains(const float* bounds, size_t stride, const float* row_reach, const float* col_reach, size_t n,
                      float* row_gains, float* col_gains) {
  const F::V zero = F::zero();
  for (size_t r = 0; r < n; ++r) {
    const float* line = bounds + r * stride;
    const F::V reach = F::set(row_reach[r]);
    F::V sum = zero;
    for (size_t c = 0; c < n; c += F::W) {
      const F::V bound = F::load(line + c);
      sum = sum + F::max(F::load(col_reach + c) - bound, zero);
      if (col_gains != nullptr) {
        F::store(F::load(col_gains + c) + F::max(reach - bound, zero), col_gains + c);
      }
    }
    alignas(64) float lanes[F::W];
    F::store(sum, lanes);
    float total = 0;
    for (const float lane : lanes) total += lane;
    row_gains[r] = total;
  }
}

float least_bound(const float* bounds, size_t n) {
  F::V least = F::set(3e38f);
  size_t i = 0;
  for (; i + F::W <= n; i += F::W) least = F::min(least, F::load(bounds + i));
  alignas(64) float lanes[F::W];
  F::store(least, lanes);
  float result = lanes[0];
  for (const float lane : lanes) result = lane < result ? lane : result;
  for (; i < n; ++i) result = bounds[i] < result ? bounds[i] : result;
  return result;
}

size_t collect_below(const float* bounds, size_t n, float limit, uint32_t* found) {
  constexpr size_t kGroup = 32;
  const F::V most = F::set(limit);
  size_t count = 0;
  for (size_t i = 0; i < n; i += kGroup) {
    const size_t end = n - i < kGroup ? n : i + kGroup;
    if (end - i == kGroup) {
      auto passed = F::le(F::load(bounds + i), most);
      for (size_t j = i + F::W; j < end; j += F::W) passed = F::either(passed, F::le(F::load(bounds + j), most));
      if (!F::any(passed)) continue;
    }
    for (size_t j = i; j < end; ++j) {
      found[count] = uint32_t(j);
      count += bounds[j] <= limit;
    }
  }
  return count;
}

void square_roots(double* values, size_t n) {
  size_t i = 0;
  for (; i + D::W <= n; i += D::W) D::store(D::sqrt(D::load(values + i)), values + i);
  for (; i < n; ++i) values[i] = std::sqrt(values[i]);
}

}  // namespace querent::QUERENT_LEVEL
