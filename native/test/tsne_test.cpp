#include <querent/tsne.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "../core/affinities.h"
#include "../core/neighbours.h"
#include "../core/principal.h"
#include "../core/quadtree.h"
#include "support.h"

namespace querent::test {
namespace {

std::vector<double> random_plane(size_t n, uint64_t seed) {
  std::vector<double> points(2 * n);
  for (size_t i = 0; i < points.size(); ++i) points[i] = 20 * uniform(seed, i) - 10;
  return points;
}

std::vector<float> random_rows(size_t rows, size_t cols, uint64_t seed) {
  std::vector<float> x(rows * cols);
  for (size_t i = 0; i < x.size(); ++i) x[i] = float(uniform(seed, i) + (i / cols % 3 == 0 ? 2.0 : 0.0));
  return x;
}

TEST(Layout, ForcesAreSumsInOrderAtEveryLevel) {
  const size_t n = 37;
  std::vector<double> points = random_plane(n + 3, 1);
  std::vector<double> x(n + 3);
  std::vector<double> y(n + 3);
  std::vector<double> mass(n);
  std::vector<double> affinities(n * kLayoutLanes);
  for (size_t i = 0; i < n + 3; ++i) {
    x[i] = points[2 * i];
    y[i] = points[2 * i + 1];
  }
  for (size_t i = 0; i < n; ++i) mass[i] = double(i % 3 + 1);
  for (size_t e = 0; e < affinities.size(); ++e) affinities[e] = uniform(2, e);
  at_every_level([&](const KernelTable& table) {
    double fx[kLayoutLanes], fy[kLayoutLanes], sum[kLayoutLanes];
    LayoutForces all;
    const size_t first = 32;
    table.layout_repulsion(x.data() + first, y.data() + first, x.data(), y.data(), mass.data(), n, fx, fy, sum);
    table.layout_all_pairs(x.data(), y.data(), first, affinities.data(), n, &all);
    for (size_t l = 0; l < kLayoutLanes; ++l) {
      double expected[3] = {};
      double pairs[5] = {};
      for (size_t s = 0; s < n; ++s) {
        const double dx = x[first + l] - x[s];
        const double dy = y[first + l] - y[s];
        const double q = 1 / (1 + (dx * dx + dy * dy));
        const double w = mass[s] * q;
        expected[0] += w * q * dx;
        expected[1] += w * q * dy;
        expected[2] += w;
        const double pull = affinities[s * kLayoutLanes + l] * q;
        pairs[0] += pull * dx;
        pairs[1] += pull * dy;
        pairs[2] += q * q * dx;
        pairs[3] += q * q * dy;
        pairs[4] += q;
      }
      ASSERT_EQ(fx[l], expected[0]);
      ASSERT_EQ(fy[l], expected[1]);
      ASSERT_EQ(sum[l], expected[2]);
      ASSERT_EQ(all.pull_x[l], pairs[0]);
      ASSERT_EQ(all.pull_y[l], pairs[1]);
      ASSERT_EQ(all.push_x[l], pairs[2]);
      ASSERT_EQ(all.push_y[l], pairs[3]);
      ASSERT_EQ(all.sum[l], pairs[4]);
    }
    const std::vector<uint32_t> columns = {3, 5, 8, 9, 20, 36, 1, 2, 30, 31, 7, 4, 4, 4, 4, 4};
    double got[2];
    table.layout_attraction(points.data(), 4, columns.data(), affinities.data(), columns.size(), got);
    double lanes[2][kLayoutLanes] = {};
    for (size_t e = 0; e < columns.size(); ++e) {
      const double dx = x[4] - x[columns[e]];
      const double dy = y[4] - y[columns[e]];
      const double pull = affinities[e] * (1 / (1 + (dx * dx + dy * dy)));
      lanes[0][e % kLayoutLanes] += pull * dx;
      lanes[1][e % kLayoutLanes] += pull * dy;
    }
    for (size_t d = 0; d < 2; ++d) {
      for (size_t half = kLayoutLanes / 2; half > 0; half /= 2) {
        for (size_t j = 0; j < half; ++j) lanes[d][j] += lanes[d][j + half];
      }
      ASSERT_EQ(got[d], lanes[d][0]);
    }
  });
}

TEST(Quadtree, SourcesAreAllPointsAndTheirForcesNearTheExactOnes) {
  for (const size_t n : {1, 2, 7, 8, 9, 100, 1000}) {
    std::vector<double> points = random_plane(n, n);
    for (size_t i = 2 * (n / 2); i < 2 * n && n > 500; ++i) points[i] = i % 2 == 0 ? 1.25 : -3.5;  // half in one place
    Quadtree tree;
    tree.build(points.data(), n);
    std::vector<double> room(3 * n);
    for (const double theta : {0.0, 0.5, 1.0}) {
      double worst = 0;
      double largest = 0;
      for (size_t group = 0; group < tree.groups(); ++group) {
        Sources sources{room.data(), room.data() + n, room.data() + 2 * n, 0};
        tree.sources(group, theta, sources);
        ASSERT_EQ(std::accumulate(sources.mass, sources.mass + sources.count, 0.0), double(n));
        if (theta == 0 && n <= 100) {
          ASSERT_EQ(sources.count, n);
        }
        for (size_t place = group * kLayoutLanes; place < std::min(n, (group + 1) * kLayoutLanes); ++place) {
          const size_t i = tree.point(place);
          const auto force = [&](double sx, double sy, double mass) {
            const double dx = points[2 * i] - sx;
            const double dy = points[2 * i + 1] - sy;
            const double q = 1 / (1 + dx * dx + dy * dy);
            return mass * q * q * dx;
          };
          double got = 0;
          double exact = 0;
          for (size_t s = 0; s < sources.count; ++s) got += force(sources.x[s], sources.y[s], sources.mass[s]);
          for (size_t j = 0; j < n; ++j) exact += force(points[2 * j], points[2 * j + 1], 1);
          worst = std::max(worst, std::fabs(got - exact));
          largest = std::max(largest, std::fabs(exact));
        }
      }
      EXPECT_LE(worst, (theta == 0 ? 1e-9 : 0.03 * theta) * largest + 1e-12) << n << " points, theta " << theta;
    }
  }
}

TEST(Neighbours, AreTheNearestRowsAndTheLowestAtEqualDistance) {
  const size_t rows = 230;
  std::vector<float> x = random_rows(rows, 3, 4);
  for (float& value : x) value = std::round(4 * value) / 4;
  const MatrixView view{x.data(), Dtype::f32, rows, 3, 3};
  at_every_level([&](const KernelTable& table) {
    const PairRows pairs(table, view, Metric::euclidean, 1);
    for (const size_t count : {1, 5, 40, 230}) {
      std::vector<uint32_t> columns(rows * count);
      std::vector<double> distances(rows * count);
      nearest_rows(table, pairs, count, 2, Control(), {}, columns.data(), distances.data());
      for (size_t i = 0; i < rows; ++i) {
        std::vector<std::pair<double, uint32_t>> all;
        for (size_t j = 0; j < rows; ++j) {
          double sum = 0;
          for (size_t c = 0; c < 3; ++c) {
            const double off = double(x[3 * i + c]) - double(x[3 * j + c]);
            sum += off * off;
          }
          all.push_back({sum, uint32_t(j)});
        }
        std::sort(all.begin(), all.end());
        std::vector<std::pair<double, uint32_t>> got;
        for (size_t e = i * count; e < (i + 1) * count; ++e) got.push_back({distances[e], columns[e]});
        std::sort(got.begin(), got.end());
        all.resize(count);
        ASSERT_EQ(got, all);
      }
    }
  });
}

TEST(Affinities, AreSymmetricSumToOneAndSparseOnesOfAllRowsAreTheDenseOnes) {
  const size_t n = 31;
  const std::vector<float> x = random_rows(n, 5, 6);
  const MatrixView view{x.data(), Dtype::f32, n, 5, 5};
  at_every_level([&](const KernelTable& table) {
    const PairRows rows(table, view, Metric::euclidean, 1);
    const LargeArray<double> dense = dense_affinities(table, rows, 10, 1, Control());
    const SparseAffinities sparse = sparse_affinities(table, rows, 10, 2, Control());
    const auto at = [&](size_t i, size_t j) {
      return dense.data()[(i / kLayoutLanes * n + j) * kLayoutLanes + i % kLayoutLanes];
    };
    double sum = 0;
    for (size_t i = 0; i < n; ++i) {
      ASSERT_EQ(sparse.starts[i] % kLayoutLanes, 0u);
      size_t e = sparse.starts[i];
      for (size_t j = 0; j < n; ++j) {
        sum += at(i, j);
        ASSERT_EQ(at(i, j), at(j, i));
        if (j == i) continue;
        ASSERT_EQ(sparse.columns[e], j);
        ASSERT_EQ(sparse.values[e++], at(i, j));
      }
      for (; e < sparse.starts[i + 1]; ++e) {
        ASSERT_EQ(sparse.columns[e], i);
        ASSERT_EQ(sparse.values[e], 0);
      }
    }
    EXPECT_NEAR(sum, 1, 1e-14);
  });
}

TEST(Principal, FindsTheDirectionsOfLargestVariance) {
  const size_t n = 300;
  std::vector<double> x(n * 4);
  const double scale[4] = {0.5, 8, 1, 3};  // columns that are nearly independent
  for (size_t i = 0; i < x.size(); ++i) x[i] = 100 + scale[i % 4] * (uniform(8, i) - 0.5);
  const PairRows rows(current_level(), {x.data(), Dtype::f64, n, 4, 4}, Metric::euclidean, 1);
  std::vector<double> got(2 * n);
  principal_components(rows, 2, got.data());
  for (size_t d = 0; d < 2; ++d) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; ++i) {
      const double a = got[2 * i + d];
      const double b = x[4 * i + (d == 0 ? 1 : 3)] - 100;
      ab += a * b;
      aa += a * a;
      bb += b * b;
    }
    EXPECT_GT(ab / std::sqrt(aa * bb), 0.99);
  }
}

TEST(Tsne, SaysWhichRowIsBadAndWhenALayoutFliesApart) {
  const size_t n = 40;
  std::vector<float> x = random_rows(n, 3, 9);
  const TsneSpec spec{5, 0.5, 200, 12, 50, 1, true};
  for (const double theta : {0.0, 0.5}) {
    TsneSpec own = spec;
    own.theta = theta;
    const TsneResult good = tsne({x.data(), Dtype::f32, n, 3, 3}, own, 2, Control());
    EXPECT_EQ(good.points.size(), 2 * n);
    EXPECT_GT(good.kl, 0);
    own.learning_rate = 1e80;
    EXPECT_GT(tsne({x.data(), Dtype::f32, n, 3, 3}, own, 2, Control()).diverged_at, 0);
    std::vector<float> bad = x;
    bad[3 * 17 + 1] = INFINITY;
    EXPECT_EQ(tsne({bad.data(), Dtype::f32, n, 3, 3}, spec, 1, Control()).bad_row, 17);
  }
}

}  // namespace
}  // namespace querent::test
