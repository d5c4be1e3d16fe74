// Streams over plain arrays: candidates above a threshold, exp and log of arrays, a read-bandwidth yardstick.
#include "level_functions.h"
#include "row_ops.h"

namespace querent::QUERENT_LEVEL {
namespace {

// Four vectors are compared before anything is branched on: with a settled threshold almost nothing passes.
template <class T>
size_t collect_above(const T* scores, size_t n, T threshold, bool inclusive, uint32_t* found) {
  using S = Simd<T>;
  constexpr size_t kBlock = 64;
  const auto limit = S::set(threshold);
  size_t count = 0;
  for (size_t i = 0; i < n; i += kBlock) {
    const size_t end = n - i < kBlock ? n : i + kBlock;
    if (end - i == kBlock) {
      __builtin_prefetch(scores + i + kPrefetchBytes / sizeof(T));
      auto passed = S::le(limit, S::load(scores + i));
      for (size_t j = S::W; j < kBlock; j += S::W) {
        passed = S::either(passed, S::le(limit, S::load(scores + i + j)));
      }
      if (!S::any(passed)) continue;
    }
    for (size_t j = i; j < end; ++j) {
      found[count] = uint32_t(j);
      count += inclusive ? scores[j] >= threshold : scores[j] > threshold;
    }
  }
  return count;
}

template <class T>
typename Simd<T>::V exp_of(typename Simd<T>::V x) {
  using S = Simd<T>;
  const auto value = Math<T>::exp(x);
  const auto bounded = S::select(S::lt(S::set(Math<T>::kExpOverflow), x), S::set(Constants<T>::infinity), value);
  return S::select(S::eq(x, x), bounded, x);
}

template <class T>
typename Simd<T>::V log_of(typename Simd<T>::V x) {
  using S = Simd<T>;
  const auto infinity = S::set(Constants<T>::infinity);
  const auto small = S::lt(x, S::set(T(1)));
  const auto value = S::select(small, Math<T>::log(x), Math<T>::log_normal(x));
  const auto positive = S::select(S::lt(S::zero(), x), value, S::set(T(NAN)));
  const auto with_zero = S::select(S::eq(x, S::zero()), S::neg(infinity), positive);
  return S::select(S::eq(x, infinity), infinity, with_zero);
}

template <class T, class F>
QUERENT_INLINE void map(const T* in, T* out, size_t n, F f) {
  using S = Simd<T>;
  size_t i = 0;
  for (; i + S::W <= n; i += S::W) S::store(f(S::load(in + i)), out + i);
  if (i < n) {
    alignas(64) T last[S::W];
    S::store(f(S::load_first(in + i, n - i, S::zero())), last);
    for (size_t j = 0; i + j < n; ++j) out[i + j] = last[j];
  }
}

}  // namespace

size_t collect_above_f32(const float* scores, size_t n, float threshold, bool inclusive, uint32_t* found) {
  return collect_above<float>(scores, n, threshold, inclusive, found);
}
size_t collect_above_f64(const double* scores, size_t n, double threshold, bool inclusive, uint32_t* found) {
  return collect_above<double>(scores, n, threshold, inclusive, found);
}

void exp_f32(const float* in, float* out, size_t n) {
  map<float>(in, out, n, [](auto x) { return exp_of<float>(x); });
}
void log_f32(const float* in, float* out, size_t n) {
  map<float>(in, out, n, [](auto x) { return log_of<float>(x); });
}
void exp_f64(const double* in, double* out, size_t n) {
  map<double>(in, out, n, [](auto x) { return exp_of<double>(x); });
}
void log_f64(const double* in, double* out, size_t n) {
  map<double>(in, out, n, [](auto x) { return log_of<double>(x); });
}

double sum_read(const float* data, size_t n) {
  using S = Simd<float>;
  constexpr size_t kStreams = 8;
  typename S::V acc[kStreams];
  for (auto& a : acc) a = S::zero();
  size_t i = 0;
  for (; i + kStreams * S::W <= n; i += kStreams * S::W) {
    for (size_t j = 0; j < kStreams; ++j) {
      __builtin_prefetch(data + i + j * S::W + kPrefetchBytes / sizeof(float));
      acc[j] = acc[j] + S::load(data + i + j * S::W);
    }
  }
  double total = 0;
  alignas(64) float lanes[S::W];
  for (const auto& a : acc) {
    S::store(a, lanes);
    for (const float lane : lanes) total += double(lane);
  }
  for (; i < n; ++i) total += double(data[i]);
  return total;
}

}  // namespace querent::QUERENT_LEVEL
