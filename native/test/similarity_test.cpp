#include <querent/facility.h>
#include <querent/k_means.h>
#include <querent/pairwise.h>

#include <algorithm>
#include <limits>

#include "support.h"

namespace querent::test {
namespace {

// Rows around three centres; `copies` rows share their numbers.
std::vector<float> random_points(size_t rows, size_t cols, uint64_t seed, double offset = 0, size_t copies = 1) {
  std::vector<float> x(rows * cols);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < cols; ++c) {
      const double centre = 4 * uniform(seed, (r / copies % 3) * cols + c + (1u << 20));
      x[r * cols + c] = float(centre + uniform(seed, r / copies * cols + c) + offset);
    }
  }
  return x;
}

MatrixView view_of(const std::vector<float>& x, size_t rows, size_t cols) {
  return {x.data(), Dtype::f32, rows, cols, cols};
}

// The sums of the definition, in the order of the definition.
double lane_sum(const float* x, const float* y, size_t cols, bool dot) {
  double lanes[64] = {};
  for (size_t c = 0; c < cols; ++c) {
    const double t = double(x[c]) - double(y[c]);
    lanes[c % 64] += dot ? double(x[c]) * double(y[c]) : t * t;
  }
  for (size_t half = 32; half > 0; half /= 2) {
    for (size_t j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

TEST(Pairs, BlocksAndListsAddInTheOrderOfTheDefinition) {
  for (const size_t cols : {1, 2, 3, 5, 8, 31, 32, 33, 63, 64, 65, 100, 128, 129, 200}) {
    const size_t rows = 7;
    const std::vector<float> x = random_points(rows + kPairPanel, cols, cols);
    const MatrixView view = view_of(x, rows + kPairPanel, cols);
    std::vector<uint32_t> all;
    for (uint32_t i = 0; i < rows + kPairPanel; ++i) all.push_back(i);
    at_every_level([&](const KernelTable& table) {
      std::vector<double> wide(x.size());
      table.rows_as_f64(view, 0, rows + kPairPanel, wide.data());
      std::vector<double> panel(kPairPanel * cols);
      for (size_t j = 0; j < kPairPanel; ++j) {
        for (size_t c = 0; c < cols; ++c) panel[c * kPairPanel + j] = wide[(rows + j) * cols + c];
      }
      std::vector<double> block(rows * kPairPanel);
      std::vector<double> list(all.size());
      for (const bool dot : {false, true}) {
        table.pair_block_sums(dot, wide.data(), rows, cols, cols, panel.data(), block.data(), kPairPanel);
        for (size_t r = 0; r < rows; ++r) {
          table.pair_list_sums(dot, wide.data() + r * cols, view, all.data(), all.size(), list.data());
          for (size_t j = 0; j < kPairPanel; ++j) {
            const double expected = lane_sum(&x[r * cols], &x[(rows + j) * cols], cols, dot);
            ASSERT_EQ(block[r * kPairPanel + j], expected) << "cols " << cols;
            ASSERT_EQ(list[rows + j], expected) << "cols " << cols;
          }
        }
      }
    });
  }
}

TEST(Pairs, GainBoundsAreSumsOfWhatIsAboveZero) {
  const size_t n = 64 * 35;
  std::vector<float> reach(n);
  std::vector<float> bounds(n);
  long double expected = 0;
  for (size_t i = 0; i < n; ++i) {
    reach[i] = i % 7 == 0 ? -HUGE_VALF : float(uniform(1, i));
    bounds[i] = i % 5 == 0 ? -1e30f : float(uniform(2, i));
    if (i % 7 != 0 && i % 5 == 0) bounds[i] = 0.25f;
    if (reach[i] > bounds[i]) expected += (long double)reach[i] - (long double)bounds[i];
  }
  at_every_level([&](const KernelTable& table) {
    EXPECT_LT(relative_error(table.bound_gain(reach.data(), bounds.data(), n), expected), 1.5e-5);
  });
}

TEST(Pairwise, AgreesWithLongDoubleAlsoNextToEachOtherAndFarFromTheOrigin) {
  for (const double offset : {0.0, 100.0, 1e4}) {
    for (const size_t cols : {1, 3, 16, 65, 130}) {
      const size_t rows = 67;
      std::vector<float> x = random_points(rows, cols, 5, offset);
      for (size_t r = 1; r < rows; r += 2) {  // near duplicates
        for (size_t c = 0; c < cols; ++c) x[r * cols + c] = x[(r - 1) * cols + c];
        x[r * cols + r % cols] = std::nextafterf(x[r * cols + r % cols], HUGE_VALF);
      }
      at_every_level([&](const KernelTable&) {
        for (const bool squared : {false, true}) {
          std::vector<float> out(rows * rows);
          pairwise_distances(view_of(x, rows, cols), nullptr, Metric::euclidean, squared, 2, {out.data(), false},
                             Control());
          for (size_t i = 0; i < rows; ++i) {
            for (size_t j = 0; j < rows; ++j) {
              long double sum = 0;
              for (size_t c = 0; c < cols; ++c) {
                const long double t = (long double)x[i * cols + c] - (long double)x[j * cols + c];
                sum += t * t;
              }
              ASSERT_LE(relative_error(out[i * rows + j], squared ? sum : sqrtl(sum)), 2e-6);
              ASSERT_EQ(out[i * rows + j], out[j * rows + i]);
            }
          }
        }
      });
    }
  }
}

TEST(Pairwise, CosineKeepsItsDigitsBetweenNearlyParallelRows) {
  const size_t cols = 40;
  const size_t rows = 12;
  std::vector<double> x(rows * cols);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < cols; ++c) x[r * cols + c] = (1 + 1e-3 * uniform(3, c)) * double(r + 1);
    x[r * cols + r] *= 1 + std::pow(10.0, -double(r) / 2 - 1);
  }
  const MatrixView view{x.data(), Dtype::f64, rows, cols, cols};
  at_every_level([&](const KernelTable&) {
    std::vector<double> out(rows * rows);
    pairwise_distances(view, nullptr, Metric::cosine, false, 1, {out.data(), true}, Control());
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < i; ++j) {
        // |a/|a| - b/|b||² / 2 in long double
        long double aa = 0, bb = 0, sum = 0;
        for (size_t c = 0; c < cols; ++c) {
          aa += (long double)x[i * cols + c] * x[i * cols + c];
          bb += (long double)x[j * cols + c] * x[j * cols + c];
        }
        for (size_t c = 0; c < cols; ++c) {
          const long double t = x[i * cols + c] / sqrtl(aa) - x[j * cols + c] / sqrtl(bb);
          sum += t * t;
        }
        EXPECT_LE(relative_error(out[i * rows + j], sum / 2), 2e-6) << i << " " << j;
      }
    }
  });
}

// The plain greedy loop; gains in long double.
struct Greedy {
  std::vector<uint32_t> rows;
  std::vector<long double> gains;
};

Greedy greedy_facility(const std::vector<float>& x, size_t n, size_t cols, size_t k) {
  std::vector<long double> d(n * n);
  long double largest = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      d[i * n + j] = lane_sum(&x[i * cols], &x[j * cols], cols, false);
      largest = std::max(largest, d[i * n + j]);
    }
  }
  std::vector<long double> nearest(n, largest);
  std::vector<bool> picked(n);
  Greedy greedy;
  while (greedy.rows.size() < k) {
    long double most = -1;
    size_t best = 0;
    for (size_t j = 0; j < n; ++j) {
      if (picked[j]) continue;
      long double gain = 0;
      for (size_t i = 0; i < n; ++i) gain += std::max(0.0L, nearest[i] - d[i * n + j]);
      if (gain > most) {
        most = gain;
        best = j;
      }
    }
    picked[best] = true;
    greedy.rows.push_back(uint32_t(best));
    greedy.gains.push_back(most);
    for (size_t i = 0; i < n; ++i) nearest[i] = std::min(nearest[i], d[i * n + best]);
  }
  return greedy;
}

TEST(Facility, PicksWhatTheGreedyLoopPicks) {
  for (const size_t n : {1, 2, 95, 96, 97, 230}) {
    for (const size_t cols : {1, 6, 33}) {
      for (const size_t copies : {1, 40}) {
        const std::vector<float> x = random_points(n, cols, n + cols, cols == 6 ? 100 : 0, copies);
        const size_t k = std::min<size_t>(n, 40);
        const Greedy expected = greedy_facility(x, n, cols, std::min(k, (n + copies - 1) / copies));
        at_every_level([&](const KernelTable&) {
          for (const unsigned threads : {1u, 2u}) {
            const FacilityResult got =
                facility_location(view_of(x, n, cols), Metric::euclidean, 0, k, threads, Control());
            ASSERT_EQ(got.rows.size(), k);
            // beyond the distinct rows nothing is gained, and the lowest follow
            for (size_t i = 0; i < expected.rows.size(); ++i) {
              ASSERT_EQ(got.rows[i], expected.rows[i]) << "n " << n << " cols " << cols << " pick " << i;
              ASSERT_LE(relative_error(got.gains[i], expected.gains[i]), 1e-12);
            }
            for (size_t i = expected.rows.size(); i < k; ++i) ASSERT_EQ(got.gains[i], 0);
          }
        });
      }
    }
  }
}

TEST(Facility, BadRowsAndStoppedCallsEndEarly) {
  std::vector<float> x = random_points(50, 4, 1);
  x[17 * 4 + 1] = NAN;
  x[30 * 4] = HUGE_VALF;
  const FacilityResult bad = facility_location(view_of(x, 50, 4), Metric::euclidean, 0, 5, 2, Control());
  EXPECT_EQ(bad.bad_row, 17);
  EXPECT_TRUE(bad.rows.empty());
  x[17 * 4 + 1] = x[30 * 4] = 0;
  int32_t words[2] = {1, 0};
  for (const size_t neighbours : {0, 5}) {
    const FacilityResult stopped =
        facility_location(view_of(x, 50, 4), Metric::euclidean, neighbours, 5, 1, Control(words));
    EXPECT_TRUE(stopped.rows.empty());
  }
}

TEST(KMeans, NeverGetsWorseAndEndsWhereNothingMoves) {
  const size_t n = 300;
  const size_t cols = 7;
  const size_t k = 9;
  const std::vector<float> x = random_points(n, cols, 4);
  const std::vector<double> initial(x.begin(), x.begin() + k * cols);
  at_every_level([&](const KernelTable&) {
    double before = std::numeric_limits<double>::infinity();
    for (size_t iterations = 0; iterations < 12; ++iterations) {
      const KMeansResult found = k_means(view_of(x, n, cols), initial.data(), k, iterations, 0, 2, Control());
      EXPECT_LE(found.inertia, before * (1 + 1e-12));
      before = found.inertia;
    }
    const KMeansResult end = k_means(view_of(x, n, cols), initial.data(), k, 1000, 0, 1, Control());
    EXPECT_LT(end.iterations, 1000u);
    std::vector<long double> sums(k * cols);
    std::vector<size_t> counts(k);
    for (size_t i = 0; i < n; ++i) {
      ++counts[end.assignments[i]];
      for (size_t c = 0; c < cols; ++c) sums[end.assignments[i] * cols + c] += x[i * cols + c];
    }
    for (size_t j = 0; j < k * cols; ++j) {
      EXPECT_LE(relative_error(end.centroids[j], sums[j] / (long double)counts[j / cols]), 1e-12);
    }
  });
}

}  // namespace
}  // namespace querent::test
