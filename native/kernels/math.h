// exp and log made of add, mul, fma and bit operations only, so that every level gives the same bits.
// Polynomials: minimax (Remez) fits of our own with coefficients rounded one by one and refitted.
// Error, checked over every float by native/tools/math_sweep.cpp: exp and log below 1.02 ulp.
#pragma once

#include "lanes.h"

namespace querent::QUERENT_LEVEL {
namespace {

template <class T>
struct Math;

template <>
struct Math<float> {
  using S = Simd<float>;
  using V = S::V;

  // log(1 + f) = f + f^2 P(f) on [-1/3, 1/3]; f2 = f^2. Even and odd powers apart: the shorter chain keeps more vectors
  // in flight.
  static QUERENT_INLINE V log1p_polynomial(V f, V f2) {
    V even = S::fma(f2, S::set(-0x1.fedfaep-4f), S::set(-0x1.f6bea4p-4f));
    V odd = S::fma(f2, S::set(0x1.1fbfdap-3f), S::set(0x1.1e85dap-3f));
    even = S::fma(even, f2, S::set(-0x1.557e26p-3f));
    odd = S::fma(odd, f2, S::set(0x1.99d58cp-3f));
    even = S::fma(even, f2, S::set(-0x1.ffff94p-3f));
    odd = S::fma(odd, f2, S::set(0x1.5554fap-2f));
    even = S::fma(even, f2, S::set(-0.5f));
    return S::fma(odd, f, even);
  }

  struct Split {
    V exponent;  // k * 2^23 as a float, where x = 2^k m
    V fraction;  // m - 1 with m in [2/3, 4/3)
  };
  // x normal and positive; zero gives a finite answer, which lets p log p be 0 at p = 0 without a branch.
  static QUERENT_INLINE Split split(V x, uint32_t exponent_bias) {
    const S::I b = S::bits(x);
    const S::I k = (b - S::iset(0x3f2aaaabu)) & S::iset(0xff800000u);
    return {S::convert(k - S::iset(exponent_bias)), S::from_bits(b - k) - S::set(1.0f)};
  }
  // ln 2 over 2^23; the product below is exact, so rounding it to a float costs 0.05 ulp of the result at most
  static constexpr float kLn2 = 0x1.62e43p-24f;
  static QUERENT_INLINE V log_from(Split s) {
    const V f = s.fraction;
    const V f2 = f * f;
    return S::fma(s.exponent, S::set(kLn2), S::fma(f2, log1p_polynomial(f, f2), f));
  }
  // log x for 0 < x < 2^63, subnormal numbers included (they are scaled up first); finite at 0.
  static QUERENT_INLINE V log(V x) { return log_from(split(x * S::set(0x1p64f), 64u << 23)); }
  // The same for normal numbers only: two operations less.
  static QUERENT_INLINE V log_normal(V x) { return log_from(split(x, 0)); }

  // e^x for kExpLowest <= x <= kExpOverflow.
  static QUERENT_INLINE V exp_in_range(V x) {
    const V shifted = S::fma(x, S::set(0x1.715476p0f), S::set(0x1.8p23f));
    const V n = shifted - S::set(0x1.8p23f);
    V r = S::fnma(n, S::set(0x1.62e4p-1f), x);  // exact: the high part of ln 2 has 16 bits
    r = S::fnma(n, S::set(0x1.7f7d1cp-20f), r);
    V q = S::set(0x1.6ac6b2p-10f);
    q = S::fma(q, r, S::set(0x1.123de0p-7f));
    q = S::fma(q, r, S::set(0x1.555858p-5f));
    q = S::fma(q, r, S::set(0x1.55548cp-3f));
    q = S::fma(q, r, S::set(0x1.fffffcp-2f));
    const V mantissa = S::fma(r * r, q, r) + S::set(1.0f);
    return S::from_bits(S::bits(mantissa) + S::shl<23>(S::bits(shifted)));
  }
  // e^x for x <= kExpOverflow; 0 where the result is below the smallest normal float. NaN gives 0: callers look at x.
  static QUERENT_INLINE V exp(V x) { return S::zero_unless(S::le(S::set(kExpLowest), x), exp_in_range(x)); }
  static constexpr float kExpLowest = -0x1.5d589ep6f;   // the smallest x with a normal e^x
  static constexpr float kExpOverflow = 0x1.62e42ep6f;  // the largest x with a finite e^x

  // w log w - u >= 0 for w = 1 + u >= 0, without cancellation near u = 0. The caller gives both: u has its digits near
  // 0, w near -1, and neither can be made from the other there.
  static QUERENT_INLINE V relative_entropy(V u, V w) {
    const Split s = split(w, 0);
    const S::M near = S::eq(s.exponent, S::zero());
    const V f = S::select(near, u, s.fraction);
    const V f2 = f * f;
    const V p = log1p_polynomial(f, f2);
    const V direct = f2 * S::fma(p, w, S::set(1.0f));
    const V log_w = S::fma(s.exponent, S::set(kLn2), S::fma(f2, p, f));
    return S::select(near, direct, S::fma(w, log_w, S::neg(u)));
  }
};

template <>
struct Math<double> {
  using S = Simd<double>;
  using V = S::V;

  // log(1 + f) = f - s (f - z R(z)), s = f / (2 + f), z = s^2, |f| <= 1/3
  static QUERENT_INLINE V log1p_remainder(V z) {
    V r = S::set(0x1.3adbee10a70f0p-3);
    r = S::fma(r, z, S::set(0x1.384f0175ef669p-3));
    r = S::fma(r, z, S::set(0x1.747513df99e9dp-3));
    r = S::fma(r, z, S::set(0x1.c71c003094063p-3));
    r = S::fma(r, z, S::set(0x1.249249b405c5cp-2));
    r = S::fma(r, z, S::set(0x1.99999998ee0eep-2));
    r = S::fma(r, z, S::set(0x1.5555555555780p-1));
    return r * z;
  }

  struct Split {
    V exponent;
    V fraction;
  };
  static QUERENT_INLINE Split split(V x, double exponent_bias) {
    const S::I b = S::bits(x);
    // 0x3ff0... added first keeps the shifted exponent field positive for every positive x
    const S::I t = b + S::iset(0x3ff0000000000000u - 0x3fe5555555555555u);
    const S::I field = t & S::iset(0xfff0000000000000u);
    const V m = S::from_bits(b - field + S::iset(0x3ff0000000000000u));
    const V k = S::from_bits(S::shr<52>(t) | S::iset(0x4330000000000000u)) - S::set(0x1p52 + 1023.0 + exponent_bias);
    return {k, m - S::set(1.0)};
  }
  static constexpr double kLn2High = 0x1.62e42fee00000p-1;  // the last 21 bits are zero: k * high is exact
  static constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  static QUERENT_INLINE V log_from(Split p) {
    const V f = p.fraction;
    const V s = f / (f + S::set(2.0));
    const V tail = S::fma(p.exponent, S::set(kLn2Low), S::neg(s * (f - log1p_remainder(s * s))));
    return S::fma(p.exponent, S::set(kLn2High), f + tail);
  }
  static QUERENT_INLINE V log(V x) { return log_from(split(x * S::set(0x1p64), 64.0)); }
  static QUERENT_INLINE V log_normal(V x) { return log_from(split(x, 0.0)); }

  static QUERENT_INLINE V exp_in_range(V x) {
    const V shifted = S::fma(x, S::set(0x1.71547652b82fep0), S::set(0x1.8p52));
    const V n = shifted - S::set(0x1.8p52);
    V r = S::fnma(n, S::set(kLn2High), x);
    r = S::fnma(n, S::set(kLn2Low), r);
    V q = S::set(0x1.1d5c2b5c44618p-29);
    q = S::fma(q, r, S::set(0x1.af3d5ff4739a2p-26));
    q = S::fma(q, r, S::set(0x1.27e445507db43p-22));
    q = S::fma(q, r, S::set(0x1.71ddef73c07ecp-19));
    q = S::fma(q, r, S::set(0x1.a01a01e24281bp-16));
    q = S::fma(q, r, S::set(0x1.a01a01b5d9890p-13));
    q = S::fma(q, r, S::set(0x1.6c16c16c0a8f0p-10));
    q = S::fma(q, r, S::set(0x1.111111110e55ap-7));
    q = S::fma(q, r, S::set(0x1.555555555556cp-5));
    q = S::fma(q, r, S::set(0x1.555555555555dp-3));
    q = S::fma(q, r, S::set(0.5));
    const V mantissa = S::fma(r * r, q, r) + S::set(1.0);
    return S::from_bits(S::bits(mantissa) + S::shl<52>(S::bits(shifted)));
  }
  static QUERENT_INLINE V exp(V x) { return S::zero_unless(S::le(S::set(kExpLowest), x), exp_in_range(x)); }
  static constexpr double kExpLowest = -0x1.6232bdd7abcd1p9;
  static constexpr double kExpOverflow = 0x1.62e42fefa39efp9;

  static QUERENT_INLINE V relative_entropy(V u, V w) {
    const Split p = split(w, 0.0);
    const S::M near = S::eq(p.exponent, S::zero());
    const V f = S::select(near, u, p.fraction);
    const V s = f / (f + S::set(2.0));
    const V z_r = log1p_remainder(s * s);
    // near: u^2 / (2 + u) + (1 + u) s z R, both from (1 + u)(u - s (u - z R)) - u
    const V direct = S::fma(w * s, z_r, f * s);
    const V tail = S::fma(p.exponent, S::set(kLn2Low), S::neg(s * (f - z_r)));
    const V log_w = S::fma(p.exponent, S::set(kLn2High), f + tail);
    return S::select(near, direct, S::fma(w, log_w, S::neg(u)));
  }
};

// log(1 + x) for x > -1, from the rounded sum and its exact error.
template <class T>
QUERENT_INLINE typename Simd<T>::V log1p(typename Simd<T>::V x) {
  using S = Simd<T>;
  const auto u = x + S::set(T(1));
  const auto lost = x - (u - S::set(T(1)));
  return Math<T>::log(u) + lost / u;
}

}  // namespace
}  // namespace querent::QUERENT_LEVEL
