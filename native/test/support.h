// Inputs and long double references shared by the C++ tests.
#pragma once

#include <gtest/gtest.h>
#include <querent/dispatch.h>
#include <querent/philox.h>
#include <querent/score.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "../kernels/tables.h"

namespace querent::test {

// Uniform in (0, 1), a function of its place.
inline double uniform(uint64_t seed, uint64_t index) {
  const PhiloxWords words = philox(seed, {uint32_t(index), uint32_t(index >> 32), 99, 0});
  return (double(words[0]) + 0.5) * 0x1p-32;
}

// Rows of a Dirichlet-like distribution; `sharpness` above 1 makes confident rows.
inline std::vector<float> random_probabilities(size_t rows, size_t cols, uint64_t seed, double sharpness) {
  std::vector<float> p(rows * cols);
  for (size_t r = 0; r < rows; ++r) {
    double sum = 0;
    std::vector<double> raw(cols);
    for (size_t c = 0; c < cols; ++c) {
      raw[c] = std::pow(-std::log(uniform(seed, r * cols + c)), sharpness);
      sum += raw[c];
    }
    for (size_t c = 0; c < cols; ++c) p[r * cols + c] = float(raw[c] / sum);
  }
  return p;
}

inline std::vector<float> random_logits(size_t rows, size_t cols, uint64_t seed, double scale) {
  std::vector<float> x(rows * cols);
  for (size_t i = 0; i < x.size(); ++i) x[i] = float(scale * (uniform(seed, i) - 0.5));
  return x;
}

template <class T>
long double reference_probability_score(const T* p, size_t cols, Method method) {
  long double first = 0;
  long double second = 0;
  long double entropy = 0;
  for (size_t c = 0; c < cols; ++c) {
    const long double x = p[c];
    if (x > 0) entropy -= x * logl(x);
    if (x > first) {
      second = first;
      first = x;
    } else if (x > second) {
      second = x;
    }
  }
  if (method == Method::entropy) return entropy;
  return method == Method::margin ? (1.0L - first) + second : 1.0L - first;
}

template <class T>
long double reference_logit_score(const T* x, size_t cols, Method method) {
  size_t top = 0;
  for (size_t c = 1; c < cols; ++c) {
    if (x[c] > x[top]) top = c;
  }
  long double rest = 0;
  long double weighted = 0;
  long double second = 0;
  for (size_t c = 0; c < cols; ++c) {
    if (c == top || std::isinf(x[c])) continue;
    const long double z = (long double)x[c] - (long double)x[top];
    const long double e = expl(z);
    rest += e;
    weighted += z * e;
    if (e > second) second = e;
  }
  if (method == Method::entropy) return log1pl(rest) - weighted / (1 + rest);
  return (method == Method::margin ? rest + second : rest) / (1 + rest);
}

// Runs the body once per level this machine has and puts the old level back.
template <class Body>
void at_every_level(Body body) {
  const std::string before = current_level().level;
  for (const KernelTable* table : available_levels()) {
    SCOPED_TRACE(table->level);
    ASSERT_TRUE(set_level(table->level));
    body(*table);
  }
  set_level(before);
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

inline double relative_error(double got, long double expected) {
  if (expected == 0) return std::fabs(got);
  return double(fabsl((got - expected) / expected));
}

}  // namespace querent::test
