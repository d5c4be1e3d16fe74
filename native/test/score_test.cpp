#include "support.h"

namespace querent::test {
namespace {

constexpr double kTolerance = 2e-6;
const std::vector<size_t> kWidths = {1,  2,  3,  4,  5,  7,  8,  9,   10,  15,  16,  17,   31,
                                     32, 33, 63, 64, 65, 66, 80, 100, 127, 128, 129, 1000, 1001};

ScoreSpec spec_of(Method method, From from, Normalize normalize = Normalize::check, Kind kind = Kind::multiclass) {
  return {method, from, kind, normalize, 1e-3};
}

std::vector<float> scores_of(const ScoreSpec& spec, const MatrixView& view, unsigned threads = 1) {
  std::vector<float> out(view.rows);
  score_matrix(spec, view, threads, {out.data(), false});
  return out;
}

TEST(Score, AgreesWithLongDoubleAtEveryWidthAndLevel) {
  for (const size_t cols : kWidths) {
    SCOPED_TRACE(cols);
    for (const double sharpness : {0.3, 1.0, 8.0}) {
      const size_t rows = 37;
      const std::vector<float> p = random_probabilities(rows, cols, cols, sharpness);
      const std::vector<float> x = random_logits(rows, cols, cols, 10 * sharpness);
      at_every_level([&](const KernelTable&) {
        for (const Method method : {Method::entropy, Method::margin, Method::least_confidence}) {
          if (cols == 1) continue;
          const auto from_p = scores_of(spec_of(method, From::probabilities), {p.data(), Dtype::f32, rows, cols, cols});
          const auto from_x = scores_of(spec_of(method, From::logits), {x.data(), Dtype::f32, rows, cols, cols});
          for (size_t r = 0; r < rows; ++r) {
            ASSERT_LE(relative_error(from_p[r], reference_probability_score(&p[r * cols], cols, method)), kTolerance)
                << "row " << r << " method " << int(method);
            ASSERT_LE(relative_error(from_x[r], reference_logit_score(&x[r * cols], cols, method)), kTolerance)
                << "row " << r << " method " << int(method);
          }
        }
      });
    }
  }
}

TEST(Score, KeepsRelativeAccuracyForConfidentLogits) {
  for (const size_t cols : {2, 10, 100, 1000}) {
    for (double gap = 0; gap <= 80; gap += 0.37) {
      std::vector<float> x = random_logits(1, cols, 3, 1.0);
      x[cols / 2] += float(gap);
      for (const float offset : {0.0f, 1000.0f}) {
        std::vector<float> y = x;
        for (float& v : y) v += offset;
        for (const Method method : {Method::entropy, Method::margin, Method::least_confidence}) {
          const auto got = scores_of(spec_of(method, From::logits), {y.data(), Dtype::f32, 1, cols, cols});
          ASSERT_LE(relative_error(got[0], reference_logit_score(y.data(), cols, method)), kTolerance)
              << "cols " << cols << " gap " << gap << " method " << int(method);
        }
      }
    }
  }
}

TEST(Score, IsBitIdenticalAcrossLevelsThreadsAndPlacesInAMatrix) {
  for (const size_t cols : kWidths) {
    if (cols == 1) continue;
    SCOPED_TRACE(cols);
    const size_t rows = 12345 / cols + 70;
    const std::vector<float> p = random_probabilities(rows, cols, cols, 2.0);
    const std::vector<float> x = random_logits(rows, cols, cols, 60);
    for (const Method method : {Method::entropy, Method::margin, Method::least_confidence}) {
      for (const Normalize normalize : {Normalize::check, Normalize::divide}) {
        std::vector<float> first_p;
        std::vector<float> first_x;
        at_every_level([&](const KernelTable&) {
          for (const unsigned threads : {1u, 2u, 3u, 7u}) {
            const auto from_p = scores_of(spec_of(method, From::probabilities, normalize),
                                          {p.data(), Dtype::f32, rows, cols, cols}, threads);
            const auto from_x =
                scores_of(spec_of(method, From::logits), {x.data(), Dtype::f32, rows, cols, cols}, threads);
            if (first_p.empty()) {
              first_p = from_p;
              first_x = from_x;
            }
            ASSERT_TRUE(same_bits(first_p, from_p));
            ASSERT_TRUE(same_bits(first_x, from_x));
          }
          // one row alone gives what it gives inside the matrix
          const auto alone = scores_of(spec_of(method, From::logits), {&x[3 * cols], Dtype::f32, 1, cols, cols});
          ASSERT_EQ(std::memcmp(&alone[0], &first_x[3], 4), 0);
        });
      }
    }
  }
}

TEST(Score, DividesRowsByTheirSumWithoutLosingConfidentOnes) {
  const size_t rows = 50;
  for (const size_t cols : {2, 3, 10, 64, 65, 300}) {
    std::vector<float> p = random_probabilities(rows, cols, 11, 12.0);
    std::vector<float> scaled = p;
    for (size_t i = 0; i < p.size(); ++i) scaled[i] = p[i] * 37.0f;
    for (const Method method : {Method::entropy, Method::margin, Method::least_confidence}) {
      const auto got = scores_of(spec_of(method, From::probabilities, Normalize::divide),
                                 {scaled.data(), Dtype::f32, rows, cols, cols});
      for (size_t r = 0; r < rows; ++r) {
        std::vector<long double> logits(cols);
        for (size_t c = 0; c < cols; ++c) logits[c] = logl((long double)scaled[r * cols + c]);
        ASSERT_LE(relative_error(got[r], reference_logit_score(logits.data(), cols, method)), kTolerance)
            << cols << " row " << r << " method " << int(method);
      }
    }
  }
}

TEST(Score, DoubleInputIsComputedInDouble) {
  const size_t rows = 30;
  for (const size_t cols : {2, 10, 64, 65, 200}) {
    std::vector<double> x(rows * cols);
    for (size_t i = 0; i < x.size(); ++i) x[i] = 40 * (uniform(17, i) - 0.5);
    for (const Method method : {Method::entropy, Method::margin, Method::least_confidence}) {
      std::vector<double> first;
      at_every_level([&](const KernelTable&) {
        std::vector<double> out(rows);
        score_matrix(spec_of(method, From::logits), {x.data(), Dtype::f64, rows, cols, cols}, 1, {out.data(), true});
        for (size_t r = 0; r < rows; ++r) {
          ASSERT_LE(relative_error(out[r], reference_logit_score(&x[r * cols], cols, method)), 1e-14);
        }
        if (first.empty()) first = out;
        ASSERT_TRUE(same_bits(first, out));
      });
    }
  }
}

TEST(Score, HalfPrecisionIsWidenedExactly) {
  // every f16 and bf16 bit pattern as a two-class row next to a masked class: margin from logits sees the widened value
  for (const Dtype dtype : {Dtype::f16, Dtype::bf16}) {
    std::vector<uint16_t> half(65536 * 2);
    std::vector<float> wide(65536 * 2);
    for (uint32_t bits = 0; bits < 65536; ++bits) {
      half[2 * bits] = uint16_t(bits);
      half[2 * bits + 1] = 0;
      float value = 0;
      if (dtype == Dtype::bf16) {
        const uint32_t word = bits << 16;
        std::memcpy(&value, &word, 4);
      } else {
        const int exponent = int(bits >> 10 & 31);
        const double fraction = double(bits & 1023);
        const double size = exponent == 0    ? std::ldexp(fraction, -24)
                            : exponent == 31 ? (fraction == 0 ? HUGE_VAL : double(NAN))
                                             : std::ldexp(1024 + fraction, exponent - 25);
        value = float(bits >> 15 ? -size : size);
      }
      wide[2 * bits] = value;
      wide[2 * bits + 1] = 0;
    }
    at_every_level([&](const KernelTable&) {
      const auto got = scores_of(spec_of(Method::entropy, From::logits), {half.data(), dtype, 65536, 2, 2});
      const auto expected = scores_of(spec_of(Method::entropy, From::logits), {wide.data(), Dtype::f32, 65536, 2, 2});
      for (size_t i = 0; i < got.size(); ++i) {
        ASSERT_TRUE((std::isnan(got[i]) && std::isnan(expected[i])) || got[i] == expected[i]) << i;
      }
    });
  }
}

TEST(Score, SpecialValuesAndInvalidRows) {
  const float inf = HUGE_VALF;
  const std::vector<float> p = {0.5f, 0.5f,  0, 1,   -0.0f, 0, NAN, 0.5f, 0.5f, 0.6f,   0.6f, 0,
                                1.5f, -0.5f, 0, inf, 0,     0, 0,   0,    1,    1e-40f, 1,    0};
  at_every_level([&](const KernelTable&) {
    std::vector<float> out(8);
    const MatrixView view{p.data(), Dtype::f32, 8, 3, 3};
    EXPECT_EQ(score_matrix(spec_of(Method::entropy, From::probabilities), view, 1, {out.data(), false}), 2);
    EXPECT_FLOAT_EQ(out[0], std::log(2.0f));
    EXPECT_EQ(out[1], 0);
    EXPECT_TRUE(std::isnan(out[2]) && std::isnan(out[3]) && std::isnan(out[4]) && std::isnan(out[5]));
    EXPECT_EQ(out[6], 0);
    EXPECT_LE(relative_error(out[7], 1e-40L * -logl((long double)1e-40f)), 1e-5);
    EXPECT_EQ(score_matrix(spec_of(Method::margin, From::probabilities, Normalize::none), view, 1, {out.data(), false}),
              2);
    EXPECT_FLOAT_EQ(out[3], 1.0f);
    EXPECT_TRUE(std::isnan(out[4]) && std::isnan(out[5]));

    const std::vector<float> x = {-inf, 0, 0, -inf, -inf, -inf, inf, 0, 0, NAN, 0, 0, -inf, 5, -inf, 1000, 1000, -1000};
    for (const Method method : {Method::entropy, Method::margin, Method::least_confidence}) {
      EXPECT_EQ(score_matrix(spec_of(method, From::logits), {x.data(), Dtype::f32, 6, 3, 3}, 1, {out.data(), false}),
                1);
      EXPECT_TRUE(std::isnan(out[1]) && std::isnan(out[2]) && std::isnan(out[3]));
      EXPECT_EQ(out[4], 0);
    }
    EXPECT_FLOAT_EQ(out[0], 0.5f);
    EXPECT_FLOAT_EQ(out[5], 0.5f);
  });
}

TEST(Score, MultilabelAveragesBinaryScores) {
  const size_t rows = 20;
  for (const size_t cols : {1, 2, 5, 64, 65, 130}) {
    std::vector<float> p(rows * cols);
    std::vector<float> x(rows * cols);
    for (size_t i = 0; i < p.size(); ++i) {
      p[i] = float(std::pow(uniform(23, i), i % 5 == 0 ? 12 : 1));
      x[i] = float(30 * (uniform(24, i) - 0.5));
    }
    for (const Method method : {Method::entropy, Method::margin, Method::least_confidence}) {
      at_every_level([&](const KernelTable&) {
        const auto from_p = scores_of(spec_of(method, From::probabilities, Normalize::check, Kind::multilabel),
                                      {p.data(), Dtype::f32, rows, cols, cols});
        const auto from_x = scores_of(spec_of(method, From::logits, Normalize::check, Kind::multilabel),
                                      {x.data(), Dtype::f32, rows, cols, cols});
        for (size_t r = 0; r < rows; ++r) {
          long double sum_p = 0;
          long double sum_x = 0;
          for (size_t c = 0; c < cols; ++c) {
            const long double q = p[r * cols + c];
            const long double e = expl(-fabsl((long double)x[r * cols + c]));
            const long double share = e / (1 + e);
            if (method == Method::entropy) {
              sum_p -= (q > 0 ? q * logl(q) : 0) + (q < 1 ? (1 - q) * log1pl(-q) : 0);
              sum_x += log1pl(e) + fabsl((long double)x[r * cols + c]) * share;
            } else {
              const long double scale = method == Method::margin ? 2 : 1;
              sum_p += scale * fminl(q, 1 - q);
              sum_x += scale * share;
            }
          }
          ASSERT_LE(relative_error(from_p[r], sum_p / cols), kTolerance);
          ASSERT_LE(relative_error(from_x[r], sum_x / cols), kTolerance);
        }
      });
    }
  }
}

TEST(Score, StridedRowsEqualPackedOnes) {
  for (const size_t cols : {3, 10, 64, 70}) {
    const size_t rows = 41;
    const size_t stride = cols + 5;
    const std::vector<float> p = random_probabilities(rows, cols, 8, 1.0);
    std::vector<float> strided((rows - 1) * stride + cols, -1e30f);
    for (size_t r = 0; r < rows; ++r) std::copy_n(&p[r * cols], cols, &strided[r * stride]);
    at_every_level([&](const KernelTable&) {
      EXPECT_TRUE(same_bits(
          scores_of(spec_of(Method::entropy, From::probabilities), {p.data(), Dtype::f32, rows, cols, cols}),
          scores_of(spec_of(Method::entropy, From::probabilities), {strided.data(), Dtype::f32, rows, cols, stride})));
    });
  }
}

}  // namespace
}  // namespace querent::test
