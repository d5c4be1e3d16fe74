#include <algorithm>
#include <numeric>

#include "support.h"

namespace querent::test {
namespace {

std::vector<uint32_t> sorted_rows(const std::vector<float>& scores, size_t k) {
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < scores.size(); ++i) {
    if (!std::isnan(scores[i])) rows.push_back(i);
  }
  std::stable_sort(rows.begin(), rows.end(), [&](uint32_t a, uint32_t b) { return scores[a] > scores[b]; });
  rows.resize(std::min(k, rows.size()));
  return rows;
}

std::vector<uint32_t> rows_of(const TopK& top) {
  std::vector<uint32_t> rows(top.size());
  std::vector<double> scores(top.size());
  top.result(rows.data(), scores.data());
  return rows;
}

std::vector<float> coarse_scores(size_t n, uint64_t seed) {
  std::vector<float> scores(n);
  for (size_t i = 0; i < n; ++i) {
    const double u = uniform(seed, i);
    scores[i] = u < 0.05 ? NAN : u < 0.1 ? -0.0f : float(std::floor(u * 50) - 20);
  }
  return scores;
}

TEST(TopK, EqualsAStableSortWithTiesNanAndInfinities) {
  for (const size_t n : {0, 1, 5, 63, 64, 65, 1000, 30000}) {
    std::vector<float> scores = coarse_scores(n, n);
    if (n > 10) {
      scores[3] = HUGE_VALF;
      scores[7] = -HUGE_VALF;
    }
    for (const size_t k : {size_t{0}, size_t{1}, size_t{10}, size_t{257}, n}) {
      at_every_level([&](const KernelTable&) {
        TopK top(k, TieBreak::index, 0);
        top.add(scores.data(), n, 0, {});
        ASSERT_EQ(rows_of(top), sorted_rows(scores, k)) << "n " << n << " k " << k;
      });
    }
  }
}

TEST(TopK, DoesNotDependOnHowBlocksAreCutOrOrdered) {
  const size_t n = 5000;
  const std::vector<float> scores = coarse_scores(n, 3);
  for (const TieBreak tie_break : {TieBreak::index, TieBreak::random}) {
    TopK whole(300, tie_break, 9);
    whole.add(scores.data(), n, 0, {});
    TopK backwards(300, tie_break, 9);
    for (size_t end = n; end > 0;) {
      const size_t begin = end > 700 ? end - 700 : 0;
      TopK part(300, tie_break, 9);
      part.add(scores.data() + begin, end - begin, uint32_t(begin), {});
      backwards.merge(part);
      end = begin;
    }
    EXPECT_EQ(rows_of(whole), rows_of(backwards));
  }
}

TEST(TopK, RandomTiesFollowTheSeedAndKeepTheScoreOrder) {
  const std::vector<float> equal(1000, 1.0f);
  TopK first(50, TieBreak::random, 1);
  first.add(equal.data(), equal.size(), 0, {});
  std::vector<uint32_t> expected(1000);
  std::iota(expected.begin(), expected.end(), 0u);
  std::sort(expected.begin(), expected.end(), [](uint32_t a, uint32_t b) {
    return philox(1, Stream::tie_break, a)[0] < philox(1, Stream::tie_break, b)[0];
  });
  expected.resize(50);
  EXPECT_EQ(rows_of(first), expected);
}

TEST(TopK, ExcludedRowsAreNeverPicked) {
  const std::vector<float> scores = coarse_scores(2000, 4);
  std::vector<uint32_t> excluded = {0, 5, 5, 1999, 17};
  std::vector<float> masked = scores;
  for (const uint32_t row : excluded) masked[row] = NAN;
  TopK top(1500, TieBreak::index, 0);
  for (size_t begin = 0; begin < 2000; begin += 333) {
    top.add(scores.data() + begin, std::min<size_t>(333, 2000 - begin), uint32_t(begin),
            {excluded.data(), excluded.size()});
  }
  EXPECT_EQ(rows_of(top), sorted_rows(masked, 1500));
}

TEST(TopK, FusedScoringEqualsScoringThenSelecting) {
  const size_t rows = 20000;
  const size_t cols = 10;
  const std::vector<float> p = random_probabilities(rows, cols, 31, 1.0);
  const MatrixView view{p.data(), Dtype::f32, rows, cols, cols};
  const ScoreSpec spec{Method::margin, From::probabilities, Kind::multiclass, Normalize::check, 1e-3};
  std::vector<float> scores(rows);
  score_matrix(spec, view, 1, {scores.data(), false});
  for (const unsigned threads : {1u, 2u, 3u}) {
    TopK top(777, TieBreak::index, 0);
    EXPECT_EQ(score_into_top_k(spec, view, threads, 0, {}, top, 777, TieBreak::index, 0), kNoRow);
    EXPECT_EQ(rows_of(top), sorted_rows(scores, 777));
  }
}

}  // namespace
}  // namespace querent::test
