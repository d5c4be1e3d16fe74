// Reductions over a row of probabilities that more than one kernel family needs.
#pragma once

#include "math.h"
#include "tile.h"

namespace querent::QUERENT_LEVEL {
namespace {

template <class T>
struct Constants {
  static constexpr T infinity = T(HUGE_VAL);
  static constexpr T largest = sizeof(T) == 4 ? T(0x1.fffffep127) : T(0x1.fffffffffffffp1023);
  // e^z is 0 from here on; masked classes (-Inf) are moved here so that z e^z is 0 and not NaN
  static constexpr T floor_z = sizeof(T) == 4 ? T(-104) : T(-746);
  // Below this sum the rounding of z = x - max (half an ulp of |z| > 25) shows in e^z: such rows are summed again.
  static constexpr T tiny_sum = T(0x1p-36);
};

template <class T>
using Row = T[kTileRows];

// With Subnormal false the logarithm is the cheaper one, wrong for p below the smallest normal number. Such p show in
// the result only when it is below kSuspectEntropy: then the row is summed again.
template <class T, bool Subnormal = true>
struct ProbabilityEntropy : NoRowInputs {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K = 2;  // entropy, sum
  V least = S::zero();            // over all rows of the tile: below 0 where one holds a negative number
  static QUERENT_INLINE V pad() { return S::zero(); }
  static QUERENT_INLINE void init(V* a) { a[0] = a[1] = S::zero(); }
  QUERENT_INLINE void step(V x, V, V* a) {
    const V log_x = Subnormal ? Math<T>::log(x) : Math<T>::log_normal(x);
    a[0] = S::fnma(x, log_x, a[0]);
    a[1] = a[1] + x;
    least = S::min(x, least);
  }
  static QUERENT_INLINE void combine(V* a, const V* b) {
    a[0] = a[0] + b[0];
    a[1] = a[1] + b[1];
  }
};
template <class T>
inline constexpr T kSuspectEntropy = sizeof(T) == 4 ? T(0x1p-96) : T(0x1p-960);

// What tells whether a row is a distribution.
template <class T>
struct SumAndSmallest : NoRowInputs {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K = 2;
  static QUERENT_INLINE V pad() { return S::zero(); }
  static QUERENT_INLINE void init(V* a) { a[0] = a[1] = S::zero(); }
  static QUERENT_INLINE void step(V x, V, V* a) {
    a[0] = a[0] + x;
    a[1] = S::min(x, a[1]);
  }
  static QUERENT_INLINE void combine(V* a, const V* b) {
    a[0] = a[0] + b[0];
    a[1] = S::min(b[1], a[1]);
  }
};

template <class T>
struct Sum : NoRowInputs {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K = 1;
  static QUERENT_INLINE V pad() { return S::zero(); }
  static QUERENT_INLINE void init(V* a) { a[0] = S::zero(); }
  static QUERENT_INLINE void step(V x, V, V* a) { a[0] = a[0] + x; }
  static QUERENT_INLINE void combine(V* a, const V* b) { a[0] = a[0] + b[0]; }
};

template <class T>
struct Max : NoRowInputs {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K = 1;
  static QUERENT_INLINE V pad() { return S::set(-Constants<T>::infinity); }
  static QUERENT_INLINE void init(V* a) { a[0] = pad(); }
  static QUERENT_INLINE void step(V x, V, V* a) { a[0] = S::max(a[0], x); }
  static QUERENT_INLINE void combine(V* a, const V* b) { a[0] = S::max(a[0], b[0]); }
};

// The largest element and its column, the lowest column among equals. Columns are exact in float up to 2^24.
template <class T>
struct Argmax : NoRowInputs {
  using S = Simd<T>;
  using V = typename S::V;
  static constexpr size_t K = 2;
  static QUERENT_INLINE V pad() { return S::set(-Constants<T>::infinity); }
  static QUERENT_INLINE void init(V* a) {
    a[0] = pad();
    a[1] = S::zero();
  }
  static QUERENT_INLINE void step(V x, V col, V* a) {
    const auto above = S::lt(a[0], x);
    a[0] = S::select(above, x, a[0]);
    a[1] = S::select(above, col, a[1]);
  }
  static QUERENT_INLINE void combine(V* a, const V* b) {
    const auto wins = S::either(S::lt(a[0], b[0]), S::both(S::eq(a[0], b[0]), S::lt(b[1], a[1])));
    a[0] = S::select(wins, b[0], a[0]);
    a[1] = S::select(wins, b[1], a[1]);
  }
};

template <class T>
QUERENT_INLINE typename Simd<T>::M finite(typename Simd<T>::V x) {
  using S = Simd<T>;
  return S::eq(x - x, S::zero());
}

template <class T>
QUERENT_INLINE typename Simd<T>::M sum_is_valid(Normalize normalize, double tolerance, typename Simd<T>::V sum,
                                                typename Simd<T>::V smallest) {
  using S = Simd<T>;
  const auto not_negative = S::le(S::zero(), smallest);
  if (normalize == Normalize::none) return S::both(not_negative, finite<T>(sum));
  const auto off = sum - S::set(T(1));
  return S::both(not_negative, S::le(S::max(off, S::neg(off)), S::set(T(tolerance))));
}

}  // namespace
}  // namespace querent::QUERENT_LEVEL
