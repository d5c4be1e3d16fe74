// Rows of one pass or member: visiting, converting, softmax, entropy, validity. Shared by the kernels that have all
// passes at hand and the one that sees them one by one.
#pragma once

#include "row_ops.h"

namespace querent::QUERENT_LEVEL {
namespace {

// Visits n rows of C values one behind the other, a tile at a time: visit(first row, rows, results). The buffer must
// have whole tiles and kSlack elements readable.
template <class T, class Op, class Visit>
QUERENT_INLINE void for_tiles(const T* base, size_t n, size_t cols, Op op, Visit visit) {
  const size_t step = tile_rows(cols);
  for (size_t row = 0; row < n; row += step) {
    const Tile<T> tile{base + row * cols, cols, n - row < step ? n - row : step, cols};
    Row<T> pass[Op::K];
    run_pass<T>(op, tile, pass);
    visit(row, tile.rows, pass);
  }
}

// The same, row by row: visit(row, results, place in the results).
template <class T, class Op, class Visit>
QUERENT_INLINE void for_row_tiles(const T* base, size_t n, size_t cols, Op op, Visit visit) {
  for_tiles<T>(base, n, cols, op, [&](size_t row, size_t rows, const Row<T>* pass) {
    for (size_t r = 0; r < rows; ++r) visit(row + r, pass, r);
  });
}

template <class F>
QUERENT_INLINE void for_vectors(size_t elements, size_t width, F f) {
  for (size_t i = 0; i < elements; i += width) f(i);
}

// Copies n rows of any dtype, `cols` each, to T, tightly packed.
template <class T>
void load_rows(const void* data, Dtype dtype, size_t at, size_t stride, size_t n, size_t cols, float* room, T* out) {
  for (size_t r = 0; r < n; ++r) {
    const size_t from = at + r * stride;
    T* to = out + r * cols;
    if (dtype == Dtype::f64) {
      const double* p = static_cast<const double*>(data) + from;
      for (size_t c = 0; c < cols; ++c) to[c] = T(p[c]);
    } else if (dtype == Dtype::f32) {
      const float* p = static_cast<const float*>(data) + from;
      for (size_t c = 0; c < cols; ++c) to[c] = T(p[c]);
    } else {
      widen_row(static_cast<const uint16_t*>(data) + from, dtype, cols, room);
      for (size_t c = 0; c < cols; ++c) to[c] = T(room[c]);
    }
  }
}

// Softmax of n packed rows in place. A row with NaN, +Inf or nothing but -Inf becomes NaN.
void softmax_rows(double* values, size_t n, size_t cols) {
  using S = Simd<double>;
  for_row_tiles<double>(values, n, cols, Max<double>(), [&](size_t row, const Row<double>* pass, size_t r) {
    double* p = values + row * cols;
    const double top = pass[0][r];
    for (size_t c = 0; c < cols; ++c) {
      const double z = p[c] - top;
      // exp would turn NaN into 0, so NaN is carried around it
      p[c] = z <= 0 ? (z < Constants<double>::floor_z ? Constants<double>::floor_z : z) : double(NAN);
    }
  });
  for_vectors(n * cols, S::W, [&](size_t i) {
    const auto z = S::load(values + i);
    S::store(S::select(S::eq(z, z), Math<double>::exp(z), z), values + i);
  });
  for_row_tiles<double>(values, n, cols, Sum<double>(), [&](size_t row, const Row<double>* pass, size_t r) {
    double* p = values + row * cols;
    for (size_t c = 0; c < cols; ++c) p[c] /= pass[0][r];
  });
}

size_t first_largest(const double* p, size_t cols) {
  size_t top = 0;
  for (size_t c = 1; c < cols; ++c) top = p[c] > p[top] ? c : top;
  return top;
}

// What a row made from logits leaves to the classes beside `top`. Such a row sums to one, so for the largest class this
// is 1 - max with all its digits, which the stored probability next to one no longer has.
double rest_of(const double* p, size_t cols, size_t top) {
  double rest = 0;
  for (size_t c = 0; c < cols; ++c) rest += c == top ? 0 : p[c];
  return rest;
}

// Entropy of a row made from logits. Where nearly all lies on one class, its -p ln p = -(1 - x) ln(1 - x) is taken from
// the rest x, as x - x^2/2 - x^3/6 - ...
constexpr double kConfidentEntropy = 0x1p-14;
[[maybe_unused]] double entropy_from_logits(double entropy, const double* p, size_t cols) {
  using S = Simd<double>;
  if (!(entropy < kConfidentEntropy) || cols == 1) return entropy;
  const size_t top = first_largest(p, cols);
  const double x = rest_of(p, cols, top);
  double exact = x - x * x * (0.5 + x * (1.0 / 6));
  alignas(64) double log_p[S::W];
  for (size_t c = 0; c < cols; ++c) {
    if (c == top) continue;
    S::store(Math<double>::log(S::set(p[c])), log_p);
    exact -= p[c] * log_p[0];
  }
  return exact;
}

// Adds 1 to the count of every row that is no distribution.
template <class T>
QUERENT_INLINE void count_faults(const PassesSpec& spec, const Row<T>* sums, size_t rows, T* faults) {
  using S = Simd<T>;
  for (size_t r = 0; r < rows; r += S::W) {
    const auto valid = sum_is_valid<T>(spec.normalize, spec.tolerance, S::load(sums[0] + r), S::load(sums[1] + r));
    S::store(S::add_unless(valid, S::load(faults + r), S::set(T(1))), faults + r);
  }
}

}  // namespace
}  // namespace querent::QUERENT_LEVEL
