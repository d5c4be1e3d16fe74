// Tiles of up to 16 rows and the two ways a pass runs over them.
//
// An Op is a reduction over the columns of a row. It has
//   K                     how many accumulators it keeps
//   init(acc)             their neutral values
//   step(x, col, acc)     take in one element per lane (col: its column number per lane)
//   combine(a, b)         a <- a joined with b
//   pad()                 an element that changes nothing
// and, for per-row inputs, set_row(r) / set_rows(r): broadcast row r, or load rows r .. r + W - 1 into lanes.
//
// Up to kVerticalCols columns, lanes are rows: four columns of W rows are loaded and transposed in registers, and the
// order of additions is by column. Above, lanes are columns: a fixed virtual width of 64 lanes is kept whatever W is
// (lane = column mod 64), folded to 16 partial results per row, which 16 rows then finish together with lanes as rows.
// Both orders depend on the shape only, so the bits do not depend on W.
#pragma once

#include "lanes.h"
#include "tables.h"

namespace querent::QUERENT_LEVEL {
namespace {

// The unroll pragmas below keep the accumulators in registers: with a counted loop they would live in memory.
inline constexpr size_t kVirtualLanes = 64;
inline constexpr size_t kFolded = 16;
inline constexpr size_t kUnrolledCols = 10;  // the commonest number of classes gets a loop without branches
inline constexpr size_t kPrefetchBytes = 3072;

template <class T>
struct Tile {
  const T* base;
  size_t stride;
  size_t rows;  // valid rows; rows up to the next multiple of W may be read when cols <= kVerticalCols
  size_t cols;
};

template <class T, class Op>
QUERENT_INLINE void vertical_rows(Op& shared, const T* p, size_t stride, size_t cols, typename Simd<T>::V* result) {
  using S = Simd<T>;
  using V = typename S::V;
  constexpr size_t K = Op::K;
  Op op = shared;  // a copy whose address nobody has stays in registers
  V acc[4][K];
  for (size_t j = 0; j < 4; ++j) op.init(acc[j]);
  size_t c = 0;
  for (; c + 4 <= cols; c += 4) {
    V x[4];
    S::load_columns4(p + c, stride, x);
    for (size_t j = 0; j < 4; ++j) op.step(x[j], S::set(T(c + j)), acc[j]);
  }
  if (c < cols) {
    V x[4];
    S::load_columns4(p + c, stride, x);
    op.step(x[0], S::set(T(c)), acc[0]);
    if (c + 1 < cols) op.step(x[1], S::set(T(c + 1)), acc[1]);
    if (c + 2 < cols) op.step(x[2], S::set(T(c + 2)), acc[2]);
  }
  op.combine(acc[0], acc[1]);
  op.combine(acc[2], acc[3]);
  op.combine(acc[0], acc[2]);
  for (size_t k = 0; k < K; ++k) result[k] = acc[0][k];
  shared = op;
}

// A prefetch never faults, so the address may lie behind the data. Far ones go to the second-level cache only.
QUERENT_INLINE void prefetch(const void* p, size_t ahead) {
  const char* address = static_cast<const char*>(p) + ahead;
  if (ahead <= kPrefetchBytes) {
    __builtin_prefetch(address);
  } else {
    __builtin_prefetch(address, 0, 2);
  }
}

// Folds one row into kFolded partial results per accumulator: partial[k * kTileRows * kFolded + i].
template <class T, class Op>
QUERENT_INLINE void fold_row(Op& op, const T* p, size_t cols, size_t ahead, T* partial) {
  using S = Simd<T>;
  using V = typename S::V;
  constexpr size_t K = Op::K;
  constexpr size_t W = S::W;
  constexpr size_t N = kVirtualLanes / W;
  V acc[N][K];
#pragma GCC unroll 16
  for (size_t j = 0; j < N; ++j) op.init(acc[j]);
  const V lane = S::iota();
  size_t c = 0;
  for (; c + kVirtualLanes <= cols; c += kVirtualLanes) {
#pragma GCC unroll 16
    for (size_t j = 0; j < N; ++j) {
      prefetch(p + c + j * W, ahead);
      op.step(S::load(p + c + j * W), S::set(T(c + j * W)) + lane, acc[j]);
    }
  }
  if (c < cols) {
#pragma GCC unroll 16
    for (size_t j = 0; j < N; ++j) {
      const size_t at = c + j * W;
      if (at < cols) prefetch(p + at, ahead);
      if (at + W <= cols) {
        op.step(S::load(p + at), S::set(T(at)) + lane, acc[j]);
      } else if (at < cols) {
        op.step(S::load_first(p + at, cols - at, op.pad()), S::set(T(at)) + lane, acc[j]);
      }
    }
  }
#pragma GCC unroll 16
  for (size_t j = 0; j < N / 2; ++j) op.combine(acc[j], acc[j + N / 2]);
#pragma GCC unroll 16
  for (size_t j = 0; j < N / 4; ++j) op.combine(acc[j], acc[j + N / 4]);
#pragma GCC unroll 16
  for (size_t j = 0; j < N / 4; ++j) {
    for (size_t k = 0; k < K; ++k) S::store(acc[j][k], partial + k * kTileRows * kFolded + j * W);
  }
}

template <class T, class Op>
QUERENT_INLINE void finish_rows(const Op& op, const T* partial, typename Simd<T>::V* result) {
  using S = Simd<T>;
  using V = typename S::V;
  constexpr size_t K = Op::K;
  V acc[4][K];
  for (size_t q = 0; q < 4; ++q) {
    V x[K][4];
    for (size_t k = 0; k < K; ++k) S::load_columns4(partial + k * kTileRows * kFolded + 4 * q, kFolded, x[k]);
    V part[4][K];
    for (size_t j = 0; j < 4; ++j) {
      for (size_t k = 0; k < K; ++k) part[j][k] = x[k][j];
    }
    op.combine(part[0], part[1]);
    op.combine(part[2], part[3]);
    op.combine(part[0], part[2]);
    for (size_t k = 0; k < K; ++k) acc[q][k] = part[0][k];
  }
  op.combine(acc[0], acc[1]);
  op.combine(acc[2], acc[3]);
  op.combine(acc[0], acc[2]);
  for (size_t k = 0; k < K; ++k) result[k] = acc[0][k];
}

inline constexpr uint32_t kAllRows = 0xffffffffu;

template <class T>
QUERENT_INLINE size_t tile_bytes(const Tile<T>& tile) {
  return tile.rows * tile.stride * sizeof(T);
}

// Runs the op over the rows of a tile whose bit is set in `wanted`; result[k][r] for them (others: unspecified).
// `ahead` says how many bytes ahead to prefetch when lanes are columns: a pass over rows that are already in the cache
// had better ask for the next tile. Returns the op, which may have noticed something about the tile as a whole.
template <class T, class Op>
QUERENT_INLINE Op run_pass(Op op, const Tile<T>& tile, T (*result)[kTileRows], uint32_t wanted = kAllRows,
                           size_t ahead = kPrefetchBytes) {
  using S = Simd<T>;
  using V = typename S::V;
  constexpr size_t K = Op::K;
  constexpr size_t W = S::W;
  alignas(64) T partial[K * kTileRows * kFolded];
  const bool vertical = tile.cols <= kVerticalCols;
  if (!vertical) {
    for (size_t r = 0; r < tile.rows; ++r) {
      if (!(wanted >> r & 1)) continue;
      op.set_row(r);
      fold_row<T>(op, tile.base + r * tile.stride, tile.cols, ahead, partial + r * kFolded);
    }
  }
  for (size_t r = 0; r < tile.rows; r += W) {
    V sums[K];
    if (vertical) {
      if (!(wanted >> r & ((1ull << W) - 1))) continue;
      op.set_rows(r);
      const T* rows = tile.base + r * tile.stride;
      if (tile.cols == kUnrolledCols) {
        vertical_rows<T>(op, rows, tile.stride, kUnrolledCols, sums);
      } else {
        vertical_rows<T>(op, rows, tile.stride, tile.cols, sums);
      }
    } else {
      finish_rows<T>(op, partial + r * kFolded, sums);
    }
    for (size_t k = 0; k < K; ++k) S::store(sums[k], result[k] + r);
  }
  return op;
}

// For ops without per-row inputs.
struct NoRowInputs {
  QUERENT_INLINE void set_row(size_t) {}
  QUERENT_INLINE void set_rows(size_t) {}
};

QUERENT_INLINE float half_to_float(uint16_t h) {
  const uint32_t sign = uint32_t(h & 0x8000u) << 16;
  const uint32_t magnitude = h & 0x7fffu;
  uint32_t out;
  if (magnitude >= 0x7c00u) {
    out = sign | 0x7f800000u | (magnitude & 0x3ffu) << 13;
  } else if (magnitude >= 0x0400u) {
    out = sign | ((magnitude << 13) + (112u << 23));
  } else {
    const float f = float(magnitude) * 0x1p-24f;
    std::memcpy(&out, &f, 4);
    out |= sign;
  }
  float result;
  std::memcpy(&result, &out, 4);
  return result;
}

QUERENT_INLINE float bfloat_to_float(uint16_t h) {
  const uint32_t out = uint32_t(h) << 16;
  float result;
  std::memcpy(&result, &out, 4);
  return result;
}

inline void widen_row(const uint16_t* in, Dtype dtype, size_t n, float* out) {
  size_t i = 0;
#if !defined(QUERENT_SCALAR)
  using D = hn::ScalableTag<float>;
  constexpr size_t W = Simd<float>::W;
  if (dtype == Dtype::f16) {
    const hn::Rebind<hwy::float16_t, D> dh;
    for (; i + W <= n; i += W) {
      hn::StoreU(hn::PromoteTo(D(), hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(in + i))), D(), out + i);
    }
  } else {
    const hn::Rebind<uint32_t, D> du;
    const hn::Rebind<uint16_t, D> dh;
    for (; i + W <= n; i += W) {
      hn::StoreU(hn::BitCast(D(), hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(dh, in + i)))), D(), out + i);
    }
  }
#endif
  for (; i < n; ++i) out[i] = dtype == Dtype::f16 ? half_to_float(in[i]) : bfloat_to_float(in[i]);
}

// Rows [row, row + n) as a tile of T: in place when that is safe, else widened or copied into `room`
// (kTileRows * padded_cols elements). Rows beyond n are copies of the last, so that whole vectors of rows are defined.
template <class T>
QUERENT_INLINE Tile<T> take_tile(const MatrixView& view, size_t row, size_t n, T* room) {
  const size_t cols = view.cols;
  const size_t at = row * view.stride;
  constexpr bool is_float = sizeof(T) == 4;
  if (!is_float || view.dtype == Dtype::f32) {
    const T* p = static_cast<const T*>(view.data) + at;
    if (cols > kVerticalCols) return {p, view.stride, n, cols};
    // a vertical pass reads whole quads of columns of kTileRows rows
    const size_t readable = (view.rows - 1) * view.stride + cols;
    if (n == kTileRows && at + (kTileRows - 1) * view.stride + padded_cols(cols) <= readable) {
      return {p, view.stride, n, cols};
    }
    const size_t width = padded_cols(cols);
    for (size_t r = 0; r < kTileRows; ++r) {
      std::memcpy(room + r * width, p + (r < n ? r : n - 1) * view.stride, cols * sizeof(T));
      for (size_t c = cols; c < width; ++c) room[r * width + c] = T(0);
    }
    return {room, width, n, cols};
  }
  if constexpr (is_float) {
    const uint16_t* p = static_cast<const uint16_t*>(view.data) + at;
    const size_t width = padded_cols(cols);
    const size_t rows = cols > kVerticalCols ? n : kTileRows;
    if (view.stride == cols && width == cols && rows == n) {
      widen_row(p, view.dtype, n * cols, room);
    } else {
      for (size_t r = 0; r < rows; ++r) {
        widen_row(p + (r < n ? r : n - 1) * view.stride, view.dtype, cols, room + r * width);
        for (size_t c = cols; c < width; ++c) room[r * width + c] = 0;
      }
    }
    return {room, width, n, cols};
  }
  return {};
}

}  // namespace
}  // namespace querent::QUERENT_LEVEL
