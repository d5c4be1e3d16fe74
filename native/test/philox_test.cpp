#include <querent/sample.h>

#include <algorithm>
#include <set>

#include "support.h"

namespace querent::test {
namespace {

// Known answers published with the Random123 library.
TEST(Philox, MatchesTheKnownAnswers) {
  EXPECT_EQ(philox(0, {0, 0, 0, 0}), (PhiloxWords{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox(0xffffffffffffffffu, {0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu}),
            (PhiloxWords{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox(0x299f31d0a4093822u, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}),
            (PhiloxWords{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Sample, IsDistinctAndTheSameFromBothLayouts) {
  // k = n uses the dense table, a small k of the same n the hash: the first draws must agree
  std::vector<uint32_t> all(1000);
  sample_uniform(1000, 1000, 42, all.data());
  EXPECT_EQ(std::set<uint32_t>(all.begin(), all.end()).size(), 1000u);
  std::vector<uint32_t> few(20);
  sample_uniform(1000, 20, 42, few.data());
  EXPECT_TRUE(std::equal(few.begin(), few.end(), all.begin()));
}

TEST(Sample, IsUniform) {
  // chi-square over 10 cells, 20000 draws: 99.9 % quantile of 9 degrees of freedom is 27.9
  std::vector<int> counts(10);
  for (uint64_t seed = 0; seed < 20000; ++seed) {
    uint32_t draw = 0;
    sample_uniform(10, 1, seed, &draw);
    ++counts[draw];
  }
  double chi = 0;
  for (const int count : counts) chi += (count - 2000.0) * (count - 2000.0) / 2000.0;
  EXPECT_LT(chi, 27.9);
}

TEST(Sample, WeightedDrawsFollowTheWeightsAndSkipZeros) {
  const std::vector<double> weights = {1, 0, 3, 6};
  std::vector<int> counts(4);
  for (uint64_t seed = 0; seed < 20000; ++seed) {
    uint32_t draw[3];
    ASSERT_EQ(sample_weighted(weights.data(), 4, 1, seed, draw), 1);
    ++counts[draw[0]];
    ASSERT_EQ(sample_weighted(weights.data(), 4, 4, seed, draw), 3);
  }
  EXPECT_EQ(counts[1], 0);
  double chi = 0;
  for (const size_t i : {0, 2, 3}) {
    const double expected = 20000 * weights[i] / 10;
    chi += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  EXPECT_LT(chi, 13.8);  // 99.9 %, 2 degrees of freedom
  const std::vector<double> bad = {1, -1};
  uint32_t draw = 0;
  EXPECT_EQ(sample_weighted(bad.data(), 2, 1, 0, &draw), -2);
}

}  // namespace
}  // namespace querent::test
