// The vector vocabulary that every kernel is written in: Simd<float> and Simd<double>, W lanes wide.
//
// On AVX2, AVX-512 and NEON the operations are Highway's; at the scalar level they are plain C++ with std::fma, so the
// same kernel text runs everywhere. Only operations whose result is fixed by IEEE 754 are offered (add, sub, mul, div,
// fma, compare, select, bit operations), which is what makes results bit-identical at every level. Two traps that this
// file hides: max/min take the second operand when either is NaN (x86's rule, spelt out on the other levels), and
// Highway's own scalar MulAdd is not fused, which is why the scalar level does not use Highway.
//
// Everything is in an anonymous namespace: objects are compiled with different CPU flags, and an inline function with
// external linkage could be picked from the AVX-512 object by the linker and run on a CPU without it.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if !defined(QUERENT_SCALAR)
#define HWY_COMPILE_ONLY_STATIC 1
#include <hwy/highway.h>
#endif

#define QUERENT_INLINE inline __attribute__((always_inline))

namespace querent::QUERENT_LEVEL {
namespace {

template <class T>
struct Simd;

#if defined(QUERENT_SCALAR)

template <class T>
struct Simd {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  static constexpr size_t W = 1;
  static constexpr bool is_float = sizeof(T) == 4;

  struct V {
    T v;
    friend QUERENT_INLINE V operator+(V a, V b) { return {a.v + b.v}; }
    friend QUERENT_INLINE V operator-(V a, V b) { return {a.v - b.v}; }
    friend QUERENT_INLINE V operator*(V a, V b) { return {a.v * b.v}; }
    friend QUERENT_INLINE V operator/(V a, V b) { return {a.v / b.v}; }
  };
  using M = bool;

  static QUERENT_INLINE V set(T x) { return {x}; }
  static QUERENT_INLINE V zero() { return {T(0)}; }
  static QUERENT_INLINE V iota() { return {T(0)}; }
  static QUERENT_INLINE V load(const T* p) { return {*p}; }
  static QUERENT_INLINE V load_first(const T* p, size_t n, V pad) { return n > 0 ? V{*p} : pad; }
  static QUERENT_INLINE void store(V x, T* p) { *p = x.v; }
  static QUERENT_INLINE V fma(V a, V b, V c) { return {std::fma(a.v, b.v, c.v)}; }
  static QUERENT_INLINE V fnma(V a, V b, V c) { return {std::fma(-a.v, b.v, c.v)}; }
  static QUERENT_INLINE V neg(V a) { return {-a.v}; }
  static QUERENT_INLINE V sqrt(V a) { return {std::sqrt(a.v)}; }
  static QUERENT_INLINE V max(V a, V b) { return a.v > b.v ? a : b; }
  static QUERENT_INLINE V min(V a, V b) { return a.v < b.v ? a : b; }
  static QUERENT_INLINE M lt(V a, V b) { return a.v < b.v; }
  static QUERENT_INLINE M le(V a, V b) { return a.v <= b.v; }
  static QUERENT_INLINE M eq(V a, V b) { return a.v == b.v; }
  static QUERENT_INLINE M both(M a, M b) { return a && b; }
  static QUERENT_INLINE M either(M a, M b) { return a || b; }
  static QUERENT_INLINE bool any(M m) { return m; }
  static QUERENT_INLINE bool all(M m) { return m; }
  static QUERENT_INLINE uint64_t mask_bits(M m) { return m ? 1 : 0; }
  static QUERENT_INLINE V select(M m, V yes, V no) { return m ? yes : no; }
  static QUERENT_INLINE V zero_unless(M m, V x) { return m ? x : V{T(0)}; }
  static QUERENT_INLINE V add_if(M m, V a, V b) { return m ? a + b : a; }
  static QUERENT_INLINE V add_unless(M m, V a, V b) { return m ? a : a + b; }

  using Bits = std::conditional_t<is_float, uint32_t, uint64_t>;
  using SignedBits = std::conditional_t<is_float, int32_t, int64_t>;
  struct I {
    Bits v;
    friend QUERENT_INLINE I operator+(I a, I b) { return {static_cast<Bits>(a.v + b.v)}; }
    friend QUERENT_INLINE I operator-(I a, I b) { return {static_cast<Bits>(a.v - b.v)}; }
    friend QUERENT_INLINE I operator&(I a, I b) { return {a.v & b.v}; }
    friend QUERENT_INLINE I operator|(I a, I b) { return {a.v | b.v}; }
  };
  static QUERENT_INLINE I iset(Bits x) { return {x}; }
  static QUERENT_INLINE I bits(V x) {
    I r;
    std::memcpy(&r.v, &x.v, sizeof(T));
    return r;
  }
  static QUERENT_INLINE V from_bits(I x) {
    V r;
    std::memcpy(&r.v, &x.v, sizeof(T));
    return r;
  }
  template <int N>
  static QUERENT_INLINE I shl(I x) {
    return {static_cast<Bits>(x.v << N)};
  }
  template <int N>
  static QUERENT_INLINE I shr(I x) {
    return {x.v >> N};
  }
  static QUERENT_INLINE V convert(I x) { return {static_cast<T>(static_cast<SignedBits>(x.v))}; }

  // W elements of either width as T, and W elements of T as floats.
  template <class From>
  static QUERENT_INLINE V load_as(const From* p) {
    return {static_cast<T>(*p)};
  }
  static QUERENT_INLINE void store_as_float(V x, float* p) { *p = static_cast<float>(x.v); }

  // Four columns of W rows: out[c] lane r = p[r * stride + c].
  static QUERENT_INLINE void load_columns4(const T* p, size_t, V out[4]) {
    for (size_t c = 0; c < 4; ++c) out[c] = V{p[c]};
  }
};

#else

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
struct Simd {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  static constexpr bool is_float = sizeof(T) == 4;
  using D = hn::ScalableTag<T>;
  using Bits = std::conditional_t<is_float, uint32_t, uint64_t>;
  using DI = hn::Rebind<Bits, D>;
  using V = hn::Vec<D>;
  using M = hn::Mask<D>;
  using I = hn::Vec<DI>;
  static constexpr size_t W = HWY_LANES(T);

  static QUERENT_INLINE V set(T x) { return hn::Set(D(), x); }
  static QUERENT_INLINE V zero() { return hn::Zero(D()); }
  static QUERENT_INLINE V iota() { return hn::Iota(D(), T(0)); }
  static QUERENT_INLINE V load(const T* p) { return hn::LoadU(D(), p); }
  // The first n < W lanes from memory, nothing read behind them; the others hold pad.
  static QUERENT_INLINE V load_first(const T* p, size_t n, V pad) {
    const M m = hn::FirstN(D(), n);
    return hn::IfThenElse(m, hn::MaskedLoad(m, D(), p), pad);
  }
  static QUERENT_INLINE void store(V x, T* p) { hn::StoreU(x, D(), p); }
  static QUERENT_INLINE V fma(V a, V b, V c) { return hn::MulAdd(a, b, c); }
  static QUERENT_INLINE V fnma(V a, V b, V c) { return hn::NegMulAdd(a, b, c); }
  static QUERENT_INLINE V neg(V a) { return hn::Neg(a); }
  static QUERENT_INLINE V sqrt(V a) { return hn::Sqrt(a); }
#if HWY_ARCH_X86
  static QUERENT_INLINE V max(V a, V b) {
    return hn::Max(a, b);
  }
  static QUERENT_INLINE V min(V a, V b) {
    return hn::Min(a, b);
  }
#else
  static QUERENT_INLINE V max(V a, V b) {
    return hn::IfThenElse(hn::Gt(a, b), a, b);
  }
  static QUERENT_INLINE V min(V a, V b) {
    return hn::IfThenElse(hn::Lt(a, b), a, b);
  }
#endif
  static QUERENT_INLINE M lt(V a, V b) {
    return hn::Lt(a, b);
  }
  static QUERENT_INLINE M le(V a, V b) {
    return hn::Le(a, b);
  }
  static QUERENT_INLINE M eq(V a, V b) {
    return hn::Eq(a, b);
  }
  static QUERENT_INLINE M both(M a, M b) {
    return hn::And(a, b);
  }
  static QUERENT_INLINE M either(M a, M b) {
    return hn::Or(a, b);
  }
  static QUERENT_INLINE bool any(M m) {
    return !hn::AllFalse(D(), m);
  }
  static QUERENT_INLINE bool all(M m) {
    return hn::AllTrue(D(), m);
  }
  // Lane i as bit i.
  static QUERENT_INLINE uint64_t mask_bits(M m) {
    uint64_t bits = 0;
    hn::StoreMaskBits(D(), m, reinterpret_cast<uint8_t*>(&bits));
    return bits;
  }
  static QUERENT_INLINE V select(M m, V yes, V no) {
    return hn::IfThenElse(m, yes, no);
  }
  static QUERENT_INLINE V zero_unless(M m, V x) {
    return hn::IfThenElseZero(m, x);
  }
  // a + b where the mask is (not) set, else a. Adding 0 instead changes nothing, as no sum here is ever -0.
  static QUERENT_INLINE V add_if(M m, V a, V b) {
#if HWY_TARGET == HWY_AVX3
    if constexpr (is_float) {
      return V{_mm512_mask_add_ps(a.raw, m.raw, a.raw, b.raw)};
    } else {
      return V{_mm512_mask_add_pd(a.raw, m.raw, a.raw, b.raw)};
    }
#else
    return a + hn::IfThenElseZero(m, b);
#endif
  }
  static QUERENT_INLINE V add_unless(M m, V a, V b) {
#if HWY_TARGET == HWY_AVX3
    return add_if(hn::Not(m), a, b);
#else
    return a + hn::IfThenZeroElse(m, b);
#endif
  }

  static QUERENT_INLINE I iset(Bits x) {
    return hn::Set(DI(), x);
  }
  static QUERENT_INLINE I bits(V x) {
    return hn::BitCast(DI(), x);
  }
  static QUERENT_INLINE V from_bits(I x) {
    return hn::BitCast(D(), x);
  }
  template <int N>
  static QUERENT_INLINE I shl(I x) {
    return hn::ShiftLeft<N>(x);
  }
  template <int N>
  static QUERENT_INLINE I shr(I x) {
    return hn::ShiftRight<N>(x);
  }
  // Signed 32-bit integer to float; there is no double form (AVX2 has no such instruction).
  static QUERENT_INLINE V convert(I x) {
    static_assert(is_float);
    return hn::ConvertTo(D(), hn::BitCast(hn::RebindToSigned<DI>(), x));
  }

  template <class From>
  static QUERENT_INLINE V load_as(const From* p) {
    if constexpr (sizeof(From) == sizeof(T)) {
      return load(p);
    } else {
      static_assert(!is_float);
      return hn::PromoteTo(D(), hn::LoadU(hn::Rebind<float, D>(), p));
    }
  }
  static QUERENT_INLINE void store_as_float(V x, float* p) {
    static_assert(!is_float);
    const hn::Rebind<float, D> narrow;
    hn::StoreU(hn::DemoteTo(narrow, x), narrow, p);
  }

  // Four columns of W rows: out[c] lane r = p[r * stride + c]. Each 128-bit block b of the loaded vectors holds rows
  // P*b .. P*b + P-1, so that a transpose inside the blocks leaves the rows in order.
  static QUERENT_INLINE void load_columns4(const T* p, size_t stride, V out[4]) {
    if constexpr (is_float) {
      V a[4];
      for (size_t j = 0; j < 4; ++j) a[j] = gather_blocks(p + j * stride, 4 * stride);
      using DW = hn::Repartition<double, D>;
      const DW dw;
      const auto low01 = hn::BitCast(dw, hn::InterleaveLower(D(), a[0], a[1]));
      const auto low23 = hn::BitCast(dw, hn::InterleaveLower(D(), a[2], a[3]));
      const auto high01 = hn::BitCast(dw, hn::InterleaveUpper(D(), a[0], a[1]));
      const auto high23 = hn::BitCast(dw, hn::InterleaveUpper(D(), a[2], a[3]));
      out[0] = hn::BitCast(D(), hn::InterleaveLower(dw, low01, low23));
      out[1] = hn::BitCast(D(), hn::InterleaveUpper(dw, low01, low23));
      out[2] = hn::BitCast(D(), hn::InterleaveLower(dw, high01, high23));
      out[3] = hn::BitCast(D(), hn::InterleaveUpper(dw, high01, high23));
    } else {
      for (size_t c = 0; c < 4; c += 2) {
        const V a = gather_blocks(p + c, 2 * stride);
        const V b = gather_blocks(p + stride + c, 2 * stride);
        out[c] = hn::InterleaveLower(D(), a, b);
        out[c + 1] = hn::InterleaveUpper(D(), a, b);
      }
    }
  }

 private:
  // Block b of the result = the 16 bytes at p + b * step.
  static QUERENT_INLINE V gather_blocks(const T* p, size_t step) {
#if HWY_TARGET == HWY_AVX3
    if constexpr (is_float) {
      __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(p));
      v = _mm512_insertf32x4(v, _mm_loadu_ps(p + step), 1);
      v = _mm512_insertf32x4(v, _mm_loadu_ps(p + 2 * step), 2);
      return V{_mm512_insertf32x4(v, _mm_loadu_ps(p + 3 * step), 3)};
    } else {
      __m512d v = _mm512_castpd128_pd512(_mm_loadu_pd(p));
      v = _mm512_insertf64x2(v, _mm_loadu_pd(p + step), 1);
      v = _mm512_insertf64x2(v, _mm_loadu_pd(p + 2 * step), 2);
      return V{_mm512_insertf64x2(v, _mm_loadu_pd(p + 3 * step), 3)};
    }
#elif HWY_TARGET == HWY_AVX2
    if constexpr (is_float) {
      return V{_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + step), 1)};
    } else {
      return V{_mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(p)), _mm_loadu_pd(p + step), 1)};
    }
#else
    static_assert(W * sizeof(T) == 16, "a level wider than 128 bits needs its own gather_blocks");
    (void)step;
    return hn::LoadU(D(), p);
#endif
  }
};

#endif

}  // namespace
}  // namespace querent::QUERENT_LEVEL
