// The reductions that acquisition scores are made of; score.cpp turns their results into scores.
#pragma once

#include "row_ops.h"

namespace querent::QUERENT_LEVEL {
namespace {

template <class T, class V = typename Simd<T>::V>
QUERENT_INLINE void keep_two_largest(V& first, V& second, V x) {
  using S = Simd<T>;
  second = S::max(second, S::min(first, x));
  first = S::max(first, x);
}

template <class T, class V = typename Simd<T>::V>
QUERENT_INLINE void join_two_largest(V& first, V& second, V other_first, V other_second) {
  using S = Simd<T>;
  second = S::max(S::max(second, other_second), S::min(first, other_first));
  first = S::max(first, other_first);
}

template <class T>
struct ProbabilityTop : NoRowInputs {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K = 3;  // largest, sum, second largest
  V least = S::zero();            // as in ProbabilityEntropy
  static QUERENT_INLINE V pad() { return S::zero(); }
  static QUERENT_INLINE void init(V* a) { a[0] = a[1] = a[2] = S::zero(); }
  QUERENT_INLINE void step(V x, V, V* a) {
    keep_two_largest<T>(a[0], a[2], x);
    a[1] = a[1] + x;
    least = S::min(x, least);
  }
  static QUERENT_INLINE void combine(V* a, const V* b) {
    join_two_largest<T>(a[0], a[2], b[0], b[2]);
    a[1] = a[1] + b[1];
  }
};

// Of a row to be divided by its sum: everything but one of the largest, and how often the largest stands.
template <class T>
struct RestSum {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K = 2;  // sum of the smaller ones, count of the largest
  const T* largest;
  V top{};
  QUERENT_INLINE void set_row(size_t r) { top = S::set(largest[r]); }
  QUERENT_INLINE void set_rows(size_t r) { top = S::load(largest + r); }
  static QUERENT_INLINE V pad() { return S::set(-Constants<T>::infinity); }
  static QUERENT_INLINE void init(V* a) { a[0] = a[1] = S::zero(); }
  QUERENT_INLINE void step(V x, V, V* a) const {
    const auto inside = S::lt(S::set(-Constants<T>::infinity), x);
    a[0] = a[0] + S::zero_unless(S::both(inside, S::lt(x, top)), x);
    a[1] = a[1] + S::zero_unless(S::eq(x, top), S::set(T(1)));
  }
  static QUERENT_INLINE void combine(V* a, const V* b) {
    a[0] = a[0] + b[0];
    a[1] = a[1] + b[1];
  }
};

template <class T>
struct RestEntropy {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K = 1;
  const T* largest;
  const T* sum;
  V top{};
  V total{};
  QUERENT_INLINE void set_row(size_t r) {
    top = S::set(largest[r]);
    total = S::set(sum[r]);
  }
  QUERENT_INLINE void set_rows(size_t r) {
    top = S::load(largest + r);
    total = S::load(sum + r);
  }
  static QUERENT_INLINE V pad() { return S::zero(); }
  static QUERENT_INLINE void init(V* a) { a[0] = S::zero(); }
  QUERENT_INLINE void step(V x, V, V* a) const {
    const V q = x / total;
    a[0] = S::fnma(S::zero_unless(S::lt(x, top), q), Math<T>::log(q), a[0]);
  }
  static QUERENT_INLINE void combine(V* a, const V* b) { a[0] = a[0] + b[0]; }
};

template <class T>
struct LogitTop : NoRowInputs {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K = 2;  // largest, second largest
  static QUERENT_INLINE V pad() { return S::set(-Constants<T>::infinity); }
  static QUERENT_INLINE void init(V* a) { a[0] = a[1] = pad(); }
  static QUERENT_INLINE void step(V x, V, V* a) { keep_two_largest<T>(a[0], a[1], x); }
  static QUERENT_INLINE void combine(V* a, const V* b) { join_two_largest<T>(a[0], a[1], b[0], b[1]); }
};

// The exact error of z = x - top; 0 where z is floored anyway.
template <class T, class V = typename Simd<T>::V>
QUERENT_INLINE V difference_error(V x, V top, V z) {
  using S = Simd<T>;
  const V back = z - x;
  const V error = (x - (z - back)) - (top + back);
  return S::zero_unless(S::lt(S::set(Constants<T>::floor_z), z), error);
}

// Exact is for rows whose sum is tiny: it carries the rounding of z along and lets far classes be 0. The other form
// keeps them at the smallest normal number, which only a tiny sum would show.
template <class T, bool Exact>
struct LogitSums {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K =
      3;  // sum of e^z, sum of z e^z (NaN in an invalid row), both without the largest; count of it
  const T* largest;
  V top{};
  QUERENT_INLINE void set_row(size_t r) { top = S::set(largest[r]); }
  QUERENT_INLINE void set_rows(size_t r) { top = S::load(largest + r); }
  static QUERENT_INLINE V pad() { return S::set(-Constants<T>::infinity); }
  static QUERENT_INLINE void init(V* a) { a[0] = a[1] = a[2] = S::zero(); }
  QUERENT_INLINE void step(V x, V, V* a) const {
    const V z = x - top;
    const auto is_top = S::eq(z, S::zero());
    V floored;
    V e;
    if constexpr (Exact) {
      floored = S::max(S::set(Constants<T>::floor_z), z);
      e = Math<T>::exp(floored);
      e = S::fma(e, difference_error<T>(x, top, z), e);
    } else {
      floored = S::max(S::set(T(Math<T>::kExpLowest)), z);
      e = Math<T>::exp_in_range(floored);
    }
    a[0] = S::add_unless(is_top, a[0], e);
    a[1] = S::fma(floored, e, a[1]);
    a[2] = S::add_if(is_top, a[2], S::set(T(1)));
  }
  static QUERENT_INLINE void combine(V* a, const V* b) {
    a[0] = a[0] + b[0];
    a[1] = a[1] + b[1];
    a[2] = a[2] + b[2];
  }
};

template <class T, Method M>
struct BinaryProbability : NoRowInputs {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K = 3;  // sum of label scores, smallest, largest
  static QUERENT_INLINE V pad() { return S::zero(); }
  static QUERENT_INLINE void init(V* a) { a[0] = a[1] = a[2] = S::zero(); }
  static QUERENT_INLINE void step(V x, V, V* a) {
    const V one = S::set(T(1));
    const V q = one - x;
    if constexpr (M == Method::entropy) {
      const V lost = (one - q) - x;
      const V log_q = Math<T>::log(S::max(S::zero(), q));
      const V other = S::fma(q, log_q, S::fma(lost, log_q, lost));
      a[0] = S::fnma(x, Math<T>::log(x), a[0] - other);
    } else {
      a[0] = a[0] + S::min(x, q);
    }
    a[1] = S::min(x, a[1]);
    a[2] = S::max(x, a[2]);
  }
  static QUERENT_INLINE void combine(V* a, const V* b) {
    a[0] = a[0] + b[0];
    a[1] = S::min(b[1], a[1]);
    a[2] = S::max(b[2], a[2]);
  }
};

template <class T, Method M>
struct BinaryLogit : NoRowInputs {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K = 2;  // sum of label scores, largest logit
  static QUERENT_INLINE V pad() { return S::set(-Constants<T>::infinity); }
  static QUERENT_INLINE void init(V* a) {
    a[0] = S::zero();
    a[1] = pad();
  }
  static QUERENT_INLINE void step(V x, V, V* a) {
    const V one = S::set(T(1));
    const V size = S::min(S::set(-Constants<T>::floor_z), S::max(S::neg(x), x));
    const V e = Math<T>::exp(S::neg(size));
    const V share = e / (one + e);
    if constexpr (M == Method::entropy) {
      a[0] = a[0] + (log1p<T>(e) + size * share);
    } else {
      // size - size is 0, or NaN for a NaN logit, whose e is not
      a[0] = a[0] + (share + (size - size));
    }
    a[1] = S::max(x, a[1]);
  }
  static QUERENT_INLINE void combine(V* a, const V* b) {
    a[0] = a[0] + b[0];
    a[1] = S::max(b[1], a[1]);
  }
};

}  // namespace
}  // namespace querent::QUERENT_LEVEL
