#include <querent/batch_bald.h>

#include <algorithm>

#include "support.h"

namespace querent::test {
namespace {

struct Pool {
  size_t passes;
  size_t rows;
  size_t cols;
  std::vector<float> samples;  // [T, N, C]

  long double at(size_t t, size_t row, size_t c) const { return samples[(t * rows + row) * cols + c]; }
  PassesView view() const { return {samples.data(), Dtype::f32, passes, rows, cols}; }
};

// Rows whose passes differ by factors of up to e^(spread / 2).
Pool make_pool(size_t passes, size_t rows, size_t cols, double spread, uint64_t seed) {
  Pool pool{passes, rows, cols, std::vector<float>(passes * rows * cols)};
  const std::vector<float> base = random_probabilities(rows, cols, seed, 1.5);
  for (size_t t = 0; t < passes; ++t) {
    for (size_t row = 0; row < rows; ++row) {
      std::vector<double> raw(cols);
      double sum = 0;
      for (size_t c = 0; c < cols; ++c) {
        raw[c] = double(base[row * cols + c]) * std::exp(spread * (uniform(seed + 1 + t, row * cols + c) - 0.5));
        sum += raw[c];
      }
      for (size_t c = 0; c < cols; ++c) pool.samples[(t * rows + row) * cols + c] = float(raw[c] / sum);
    }
  }
  return pool;
}

long double term(long double y) {
  return y > 0 ? -y * logl(y) : 0;
}

// a(B) from its definition, over all configurations.
long double joint_score(const Pool& pool, const std::vector<uint32_t>& batch) {
  std::vector<std::vector<long double>> products(1, std::vector<long double>(pool.passes, 1));
  long double expected = 0;
  for (const uint32_t row : batch) {
    std::vector<std::vector<long double>> next;
    for (const auto& product : products) {
      for (size_t c = 0; c < pool.cols; ++c) {
        next.push_back(product);
        for (size_t t = 0; t < pool.passes; ++t) next.back()[t] *= pool.at(t, row, c);
      }
    }
    products = std::move(next);
    for (size_t t = 0; t < pool.passes; ++t) {
      for (size_t c = 0; c < pool.cols; ++c) expected += term(pool.at(t, row, c)) / pool.passes;
    }
  }
  long double entropy = 0;
  for (const auto& product : products) {
    long double sum = 0;
    for (const long double y : product) sum += y;
    entropy += term(sum / pool.passes);
  }
  return entropy - expected;
}

constexpr PassesSpec kSpec{From::probabilities, Normalize::check, 1e-3, 0};

BatchBaldPicks picks_of(const Pool& pool, size_t k, size_t samples, unsigned threads = 1,
                        const PassesSpec& spec = kSpec) {
  return batch_bald(spec, pool.view(), {k, samples, 7, {}, threads}, Control());
}

TEST(BatchBald, PicksAndGainsAreThoseOfTheDefinition) {
  for (const size_t cols : {2, 3, 5, 7, 11}) {
    for (const size_t passes : {2, 5, 17}) {
      for (const double spread : {0.3, 4.0}) {
        const Pool pool = make_pool(passes, 40, cols, spread, 31 * cols + passes);
        const size_t k = cols < 4 ? 5 : 3;
        std::vector<double> first;
        at_every_level([&](const KernelTable&) {
          const BatchBaldPicks got = picks_of(pool, k, 1 << 20, 1 + passes % 3);
          ASSERT_EQ(got.indices.size(), k);
          long double score = 0;
          std::vector<uint32_t> batch;
          for (size_t pick = 0; pick < k; ++pick) {
            long double best = -1;
            uint32_t winner = 0;
            for (uint32_t row = 0; row < pool.rows; ++row) {
              if (std::find(batch.begin(), batch.end(), row) != batch.end()) continue;
              std::vector<uint32_t> longer = batch;
              longer.push_back(row);
              const long double gain = joint_score(pool, longer) - score;
              if (gain > best + kEqualGains) {
                best = gain;
                winner = row;
              }
            }
            ASSERT_EQ(got.indices[pick], winner) << "pick " << pick << " cols " << cols << " passes " << passes;
            ASSERT_NEAR(got.gains[pick], double(best), 1e-13);
            batch.push_back(winner);
            score += best;
          }
          if (first.empty()) first = got.gains;
          ASSERT_TRUE(same_bits(first, got.gains));
        });
      }
    }
  }
}

TEST(BatchBald, BoundsSpareWorkAndChangeNothing) {
  constexpr size_t kPicks = 9;
  const Pool pool = make_pool(10, 600, 4, 0.5, 5);
  // sums that are off by up to 1e-3 weaken the bounds and must not break them
  Pool off = pool;
  for (size_t i = 0; i < off.samples.size(); ++i) off.samples[i] *= float(1 + 8e-4 * uniform(9, i / off.cols));
  for (const Pool* any : {&pool, static_cast<const Pool*>(&off)}) {
    for (const size_t samples : {1 << 18, 4000, 40}) {
      const BatchBaldPicks whole = picks_of(*any, kPicks, samples);
      ASSERT_EQ(whole.indices.size(), kPicks);
      if (any == &pool && samples > 40) {
        EXPECT_LT(whole.evaluations, kPicks * any->rows / 4);
      }
      // with nothing but the earlier picks and one row more to choose from, that row is evaluated for certain
      for (uint32_t row = 0; row < any->rows; row += 97) {
        const auto last = whole.indices.end() - 1;
        if (std::find(whole.indices.begin(), whole.indices.end(), row) != whole.indices.end()) continue;
        std::vector<uint32_t> excluded;
        for (uint32_t i = 0; i < any->rows; ++i) {
          if (i != row && std::find(whole.indices.begin(), last, i) == last) excluded.push_back(i);
        }
        const BatchBaldPicks few =
            batch_bald(kSpec, any->view(), {kPicks, samples, 7, {excluded.data(), excluded.size()}, 1}, Control());
        ASSERT_EQ(few.indices.size(), kPicks);
        ASSERT_TRUE(std::equal(whole.indices.begin(), last, few.indices.begin())) << "row " << row;
        ASSERT_LE(few.gains.back(), whole.gains.back() + kEqualGains) << "row " << row;
      }
    }
  }
}

TEST(BatchBald, SampledGainsApproachTheExactOnes) {
  const Pool pool = make_pool(6, 50, 3, 3.0, 12);
  const BatchBaldPicks exact = picks_of(pool, 6, 1 << 20);
  std::vector<double> first;
  at_every_level([&](const KernelTable&) {
    for (const unsigned threads : {1, 3}) {
      const BatchBaldPicks sampled = picks_of(pool, 6, 242, threads);
      const BatchBaldPicks rough = picks_of(pool, 6, 2, threads);
      ASSERT_EQ(sampled.indices.size(), 6u);
      ASSERT_EQ(rough.indices.size(), 6u);
      std::vector<double> all = sampled.gains;
      all.insert(all.end(), rough.gains.begin(), rough.gains.end());
      if (first.empty()) first = all;
      ASSERT_TRUE(same_bits(first, all));
    }
  });
  // 3^4 configurations fit, 3^5 do not
  const BatchBaldPicks sampled = picks_of(pool, 6, 242);
  EXPECT_EQ(sampled.scores[4], exact.scores[4]);
  EXPECT_NEAR(sampled.scores[5], exact.scores[5], 0.05);
}

TEST(BatchBald, ManyPicksDoNotUnderflow) {
  const Pool pool = make_pool(4, 400, 30, 1.0, 3);
  const BatchBaldPicks got = picks_of(pool, 350, 64);
  ASSERT_EQ(got.indices.size(), 350u);
  for (const double score : got.scores) {
    ASSERT_TRUE(std::isfinite(score));
    ASSERT_LE(score, std::log(4.0) + 0.2);
  }
  // four passes are told apart by then
  EXPECT_NEAR(got.scores.back(), std::log(4.0), 0.01);
}

TEST(BatchBald, TiesGoToTheLowestRow) {
  Pool pool = make_pool(7, 30, 4, 3.0, 8);
  for (size_t t = 0; t < pool.passes; ++t) {
    for (size_t row = 0; row < pool.rows; ++row) {
      for (size_t c = 0; c < pool.cols; ++c) {
        const double permuted = double(pool.at(t, row % 3, (c + row / 3) % pool.cols));
        pool.samples[(t * pool.rows + row) * pool.cols + c] = float(row < 3 ? double(pool.at(t, row, c)) : permuted);
      }
    }
  }
  const BatchBaldPicks got = picks_of(pool, 12, 100000);
  for (size_t pick = 0; pick < 12; ++pick) {
    // rows row % 3 are copies up to the names of the classes: the lowest that is left is taken of each kind
    for (uint32_t row = got.indices[pick] % 3; row < got.indices[pick]; row += 3) {
      EXPECT_NE(std::find(got.indices.begin(), got.indices.begin() + ptrdiff_t(pick), row),
                got.indices.begin() + ptrdiff_t(pick))
          << "pick " << pick << " is " << got.indices[pick];
    }
  }
  const Pool certain{1, 20, 3, random_probabilities(20, 3, 4, 1.0)};
  const BatchBaldPicks lowest = picks_of(certain, 5, 10000);
  EXPECT_EQ(lowest.indices, (std::vector<uint32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(lowest.gains, std::vector<double>(5, 0.0));
}

TEST(BatchBald, BadRowsStopAndExclusion) {
  Pool pool = make_pool(5, 700, 3, 1.0, 2);
  pool.samples[(3 * 700 + 400) * 3] = NAN;
  pool.samples[(1 * 700 + 650) * 3] = -1;
  EXPECT_EQ(picks_of(pool, 3, 100, 2).bad_row, 400);
  const std::vector<uint32_t> excluded = {400, 650, 650};
  const BatchBaldPicks got =
      batch_bald(kSpec, pool.view(), {700, 100, 0, {excluded.data(), excluded.size()}, 2}, Control());
  EXPECT_EQ(got.bad_row, kNoRow);
  ASSERT_EQ(got.indices.size(), 698u);
  std::vector<uint32_t> sorted = got.indices;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end());
  int32_t words[2] = {1, 0};
  EXPECT_TRUE(
      batch_bald(kSpec, make_pool(5, 50, 3, 1.0, 2).view(), {5, 100, 0, {}, 1}, Control(words)).indices.empty());
}

}  // namespace
}  // namespace querent::test
