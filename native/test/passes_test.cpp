#include <map>

#include "support.h"

namespace querent::test {
namespace {

struct Expected {
  std::map<uint32_t, std::vector<long double>> values;
};

// samples [T, N, C] as long double probabilities
Expected reference(const std::vector<long double>& p, size_t passes, size_t rows, size_t cols) {
  Expected out;
  for (uint32_t bit = 1; bit < (1u << kMeasureCount); bit <<= 1) out.values[bit].resize(rows);
  for (size_t r = 0; r < rows; ++r) {
    const auto at = [&](size_t t, size_t c) { return p[(t * rows + r) * cols + c]; };
    std::vector<long double> mean(cols);
    std::vector<size_t> votes(cols);
    for (size_t t = 0; t < passes; ++t) {
      size_t best = 0;
      for (size_t c = 0; c < cols; ++c) {
        mean[c] += at(t, c) / passes;
        if (at(t, c) > at(t, best)) best = c;
      }
      ++votes[best];
    }
    long double largest = 0;
    size_t modal = 0;
    for (size_t c = 0; c < cols; ++c) {
      if (mean[c] > 0) out.values[kPredictiveEntropy][r] -= mean[c] * logl(mean[c]);
      largest = std::max(largest, mean[c]);
      modal = std::max(modal, votes[c]);
      const long double share = (long double)votes[c] / passes;
      if (share > 0) out.values[kVoteEntropy][r] -= share * logl(share);
      long double squares = 0;
      for (size_t t = 0; t < passes; ++t) squares += (at(t, c) - mean[c]) * (at(t, c) - mean[c]);
      out.values[kMeanStd][r] += sqrtl(squares / passes) / cols;
    }
    out.values[kMeanVariationRatio][r] = 1 - largest;
    out.values[kVariationRatio][r] = 1 - (long double)modal / passes;
    for (size_t t = 0; t < passes; ++t) {
      long double kl = 0;
      for (size_t c = 0; c < cols; ++c) {
        const long double q = at(t, c);
        if (q > 0) out.values[kExpectedEntropy][r] -= q * logl(q) / passes;
        const long double u = mean[c] > 0 ? (q - mean[c]) / mean[c] : 0;
        // phi(u) by series where the direct form cancels
        const long double phi = fabsl(u) < 1e-3L
                                    ? u * u * (0.5L - u / 6 + u * u / 12 - u * u * u / 20 + u * u * u * u / 30)
                                    : (q > 0 ? (1 + u) * log1pl(u) : 0) - u;
        kl += mean[c] * phi;
      }
      out.values[kBald][r] += kl / passes;
      out.values[kMaxKl][r] = std::max(out.values[kMaxKl][r], kl);
    }
  }
  return out;
}

std::vector<float> samples_around(size_t passes, size_t rows, size_t cols, double spread) {
  const std::vector<float> base = random_probabilities(rows, cols, 77, 2.0);
  std::vector<float> samples(passes * rows * cols);
  for (size_t t = 0; t < passes; ++t) {
    for (size_t r = 0; r < rows; ++r) {
      double sum = 0;
      std::vector<double> raw(cols);
      for (size_t c = 0; c < cols; ++c) {
        raw[c] = double(base[r * cols + c]) * std::exp(spread * (uniform(t, r * cols + c) - 0.5));
        sum += raw[c];
      }
      for (size_t c = 0; c < cols; ++c) samples[(t * rows + r) * cols + c] = float(raw[c] / sum);
    }
  }
  return samples;
}

std::vector<std::vector<float>> measures_of(const void* data, Dtype dtype, size_t passes, size_t rows, size_t cols,
                                            From from, uint32_t measures, unsigned threads) {
  std::vector<std::vector<float>> out;
  std::vector<ScoresOut> outs;
  for (int i = 0; i < __builtin_popcount(measures); ++i) out.emplace_back(rows);
  for (auto& values : out) outs.push_back({values.data(), false});
  const PassesSpec spec{from, Normalize::none, 1e-3, measures};
  EXPECT_EQ(reduce_samples(spec, {data, dtype, passes, rows, cols}, 0, rows, threads, outs.data()), kNoRow);
  return out;
}

TEST(Passes, AgreeWithLongDoubleHoweverCloseThePassesAre) {
  for (const size_t cols : {2, 10, 33, 64, 65, 200}) {
    for (const size_t passes : {1, 2, 5, 20, 37}) {
      const size_t rows = 53;
      for (const double spread : {0.001, 0.1, 4.0}) {
        const std::vector<float> samples = samples_around(passes, rows, cols, spread);
        const std::vector<long double> exact(samples.begin(), samples.end());
        const Expected expected = reference(exact, passes, rows, cols);
        std::vector<std::vector<float>> first;
        at_every_level([&](const KernelTable&) {
          const auto got =
              measures_of(samples.data(), Dtype::f32, passes, rows, cols, From::probabilities, 255, 1 + passes % 3);
          size_t slot = 0;
          for (const auto& [bit, values] : expected.values) {
            for (size_t r = 0; r < rows; ++r) {
              // differences of equal passes are rounding noise of the inputs: relative to the spread's square
              ASSERT_NEAR(got[slot][r], double(values[r]), 2e-6 * double(values[r]) + 1e-12)
                  << "measure " << bit << " cols " << cols << " passes " << passes << " spread " << spread << " row "
                  << r;
            }
            ++slot;
          }
          if (first.empty()) first = got;
          for (size_t s = 0; s < got.size(); ++s) ASSERT_TRUE(same_bits(first[s], got[s])) << s;
        });
      }
    }
  }
}

TEST(Passes, BaldIsExactlyZeroForEqualPassesAndNeverNegative) {
  const size_t rows = 40;
  const size_t cols = 10;
  const std::vector<float> base = random_probabilities(rows, cols, 5, 3.0);
  std::vector<float> samples;
  for (int t = 0; t < 7; ++t) samples.insert(samples.end(), base.begin(), base.end());
  const auto equal = measures_of(samples.data(), Dtype::f32, 7, rows, cols, From::probabilities, kBald, 1);
  for (const float bald : equal[0]) EXPECT_EQ(bald, 0);
  const std::vector<float> close = samples_around(7, rows, cols, 1e-6);
  const auto nearly = measures_of(close.data(), Dtype::f32, 7, rows, cols, From::probabilities, kBald, 1);
  for (const float bald : nearly[0]) EXPECT_GE(bald, 0);
}

TEST(Passes, LogitsAgreeWithTheExactSoftmax) {
  const size_t passes = 6;
  const size_t rows = 21;
  const size_t cols = 10;
  for (const double scale : {0.01, 5.0, 60.0}) {
    std::vector<float> x(passes * rows * cols);
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = float(scale * uniform(4, i % (rows * cols)) + 0.01 * scale * uniform(5, i));
    }
    std::vector<long double> p(x.size());
    for (size_t row = 0; row < passes * rows; ++row) {
      long double top = -1e30L;
      for (size_t c = 0; c < cols; ++c) top = std::max(top, (long double)x[row * cols + c]);
      long double sum = 0;
      for (size_t c = 0; c < cols; ++c) sum += p[row * cols + c] = expl(x[row * cols + c] - top);
      for (size_t c = 0; c < cols; ++c) p[row * cols + c] /= sum;
    }
    const Expected expected = reference(p, passes, rows, cols);
    const auto got = measures_of(x.data(), Dtype::f32, passes, rows, cols, From::logits, kBald | kMaxKl, 1);
    for (size_t r = 0; r < rows; ++r) {
      ASSERT_LE(relative_error(got[0][r], expected.values.at(kBald)[r]), 2e-6);
      ASSERT_LE(relative_error(got[1][r], expected.values.at(kMaxKl)[r]), 2e-6);
    }
  }
}

TEST(Passes, StreamingEqualsTheWhole) {
  const size_t passes = 50;
  const size_t rows = 100;
  const size_t cols = 10;
  for (const double spread : {0.01, 3.0}) {
    const std::vector<float> samples = samples_around(passes, rows, cols, spread);
    std::vector<double> first;
    at_every_level([&](const KernelTable&) {
      std::vector<double> mean(rows * cols);
      std::vector<double> kl(rows);
      std::vector<double> entropy(rows);
      std::vector<double> m2(rows * cols);
      std::vector<uint32_t> votes(rows * cols);
      for (size_t t = 0; t < passes; ++t) {
        EXPECT_EQ(accumulate_samples({From::probabilities, Normalize::check, 1e-3, 0},
                                     {samples.data() + t * rows * cols, Dtype::f32, rows, cols, cols}, t, 1 + t % 2,
                                     {mean.data(), kl.data(), entropy.data(), m2.data(), votes.data()}),
                  kNoRow);
      }
      const auto whole =
          measures_of(samples.data(), Dtype::f32, passes, rows, cols, From::probabilities, kBald | kExpectedEntropy, 1);
      for (size_t r = 0; r < rows; ++r) {
        ASSERT_LE(relative_error(whole[0][r], kl[r] / passes), 2e-6);
        ASSERT_LE(relative_error(whole[1][r], entropy[r] / passes), 2e-6);
      }
      if (first.empty()) first = kl;
      ASSERT_TRUE(same_bits(first, kl));
    });
  }
}

TEST(Passes, AnInvalidRowIsNamedAndOnlyItIsLost) {
  std::vector<float> samples = samples_around(4, 30, 10, 1.0);
  samples[(2 * 30 + 17) * 10 + 3] = NAN;
  std::vector<float> out(30);
  const ScoresOut outs[] = {{out.data(), false}};
  EXPECT_EQ(reduce_samples({From::probabilities, Normalize::check, 1e-3, kBald},
                           {samples.data(), Dtype::f32, 4, 30, 10}, 0, 30, 1, outs),
            17);
  for (size_t r = 0; r < 30; ++r) EXPECT_EQ(std::isnan(out[r]), r == 17);
}

TEST(Committee, VoteEntropyCountsVotes) {
  const std::vector<uint8_t> votes = {0, 1, 2, 0, 1, 0, 0, 1, 0};  // [3, 3]
  std::vector<float> out(3);
  EXPECT_EQ(vote_entropy(votes.data(), 3, 3, 3, 0, 3, 1, ScoresOut{out.data(), false}), kNoRow);
  EXPECT_FLOAT_EQ(out[0], 0);
  EXPECT_FLOAT_EQ(out[1], 0);
  EXPECT_FLOAT_EQ(out[2], std::log(3.0f) - 2.0f / 3 * std::log(2.0f));
  const std::vector<int8_t> bad = {0, -1, 0};
  EXPECT_EQ(vote_entropy(bad.data(), 1, 3, 2, 0, 3, 1, ScoresOut{out.data(), false}), 1);
}

}  // namespace
}  // namespace querent::test
