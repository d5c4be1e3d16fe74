#include <querent/select.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "../core/nearest.h"
#include "support.h"

namespace querent::test {
namespace {

double normal(uint64_t seed, uint64_t index) {
  return std::sqrt(-2 * std::log(uniform(seed, 2 * index))) *
         std::cos(6.283185307179586 * uniform(seed, 2 * index + 1));
}

std::vector<float> gaussian(size_t count, uint64_t seed, double scale = 1, double offset = 0) {
  std::vector<float> x(count);
  for (size_t i = 0; i < count; ++i) x[i] = float(scale * (normal(seed, i) + offset));
  return x;
}

template <class T>
MatrixView view_of(const std::vector<T>& data, size_t rows, size_t cols) {
  return {data.data(), sizeof(T) == 4 ? Dtype::f32 : Dtype::f64, rows, cols, cols};
}

double fold(std::vector<double> lanes) {
  for (size_t half = 32; half > 0; half /= 2) {
    for (size_t j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

template <class T>
double plain_squared(const T* a, const T* b, size_t cols) {
  std::vector<double> lanes(64, 0.0);
  for (size_t c = 0; c < cols; ++c) {
    const double t = double(a[c]) - double(b[c]);
    lanes[c % 64] += t * t;
  }
  return fold(lanes);
}

template <class T>
double plain_product(const T* a, const T* b, size_t cols) {
  std::vector<double> lanes(64, 0.0);
  for (size_t c = 0; c < cols; ++c) lanes[c % 64] += double(a[c]) * double(b[c]);
  return fold(lanes);
}

template <class T>
double plain_cosine(const T* a, const T* b, size_t cols) {
  const double lengths = std::sqrt(plain_product(a, a, cols)) * std::sqrt(plain_product(b, b, cols));
  return std::max(0.0, 1 - plain_product(a, b, cols) / lengths);
}

// The textbook loop: one pass over all rows after every pick.
template <class T>
Selection plain_k_center(const std::vector<T>& x, size_t rows, size_t cols, Metric metric,
                         const std::vector<uint32_t>& labeled, uint32_t first, size_t k) {
  std::vector<double> distance(rows, std::numeric_limits<double>::infinity());
  std::vector<bool> taken(rows, false);
  Selection selection;
  const auto add = [&](uint32_t centre) {
    taken[centre] = true;
    for (size_t r = 0; r < rows; ++r) {
      const T* a = &x[r * cols];
      const T* b = &x[centre * cols];
      const double d = metric == Metric::euclidean ? plain_squared(a, b, cols) : plain_cosine(a, b, cols);
      distance[r] = r == centre ? 0 : std::min(distance[r], d);
    }
  };
  for (const uint32_t row : labeled) add(row);
  for (size_t i = 0; i < k; ++i) {
    size_t best = rows;
    for (size_t r = 0; r < rows; ++r) {
      if (!taken[r] && (best == rows || distance[r] > distance[best])) best = r;
    }
    if (labeled.empty() && i == 0) best = first;
    selection.rows.push_back(uint32_t(best));
    const double d = distance[best];
    selection.distances.push_back(metric == Metric::euclidean ? std::sqrt(d) : d);
    add(uint32_t(best));
  }
  const double radius = *std::max_element(distance.begin(), distance.end());
  selection.covering_radius = metric == Metric::euclidean ? std::sqrt(radius) : radius;
  return selection;
}

template <class T>
void expect_textbook(const std::vector<T>& x, size_t rows, size_t cols, Metric metric,
                     const std::vector<uint32_t>& labeled, uint32_t first, size_t k) {
  const Selection expected = plain_k_center(x, rows, cols, metric, labeled, first, k);
  at_every_level([&](const KernelTable&) {
    for (const unsigned threads : {1u, 2u}) {
      const Selection got =
          k_center(view_of(x, rows, cols), metric, {labeled.data(), labeled.size()}, first, k, threads, Control());
      ASSERT_EQ(got.bad_row, kNoRow);
      ASSERT_EQ(got.rows, expected.rows);
      ASSERT_TRUE(same_bits(got.distances, expected.distances));
      ASSERT_EQ(got.covering_radius, expected.covering_radius);
    }
  });
}

TEST(Distance, ProductsAreOneFmaAColumnInOrder) {
  for (const size_t depth : {1, 7, 64, 255, 257, 600}) {
    for (const size_t cols : {1, 15, 16, 17, 63, 64, 129}) {
      for (const size_t rows : {1, 5, 6, 13}) {
        const std::vector<float> a = gaussian(rows * depth, 1);
        const std::vector<float> b = gaussian(cols * depth, 2);
        std::vector<float> expected(rows * cols);
        for (size_t r = 0; r < rows; ++r) {
          for (size_t j = 0; j < cols; ++j) {
            float sum = 0;
            for (size_t k = 0; k < depth; ++k) sum = std::fma(a[r * depth + k], b[j * depth + k], sum);
            expected[r * cols + j] = sum;
          }
        }
        at_every_level([&](const KernelTable& table) {
          const size_t panel = *table.panel_cols;
          const size_t padded = (cols + 63) / 64 * 64;
          std::vector<float> panels(padded * depth, 0.0f);
          for (size_t j = 0; j < cols; ++j) {
            for (size_t k = 0; k < depth; ++k) panels[(j / panel * depth + k) * panel + j % panel] = b[j * depth + k];
          }
          std::vector<float> out(rows * padded, -1.0f);
          table.row_products(a.data(), depth, rows, panels.data(), cols, depth, out.data(), padded);
          for (size_t r = 0; r < rows; ++r) {
            for (size_t j = 0; j < cols; ++j) ASSERT_EQ(out[r * padded + j], expected[r * cols + j]);
          }
        });
      }
    }
  }
}

TEST(Distance, PairsAreSumsOf64Lanes) {
  for (const size_t cols : {1, 2, 31, 63, 64, 65, 128, 200, 515}) {
    const std::vector<float> a = gaussian(cols, 3, 1, 100);
    const std::vector<float> b = gaussian(cols, 4);
    const std::vector<double> a64(a.begin(), a.end());
    const std::vector<double> b64(b.begin(), b.end());
    at_every_level([&](const KernelTable& table) {
      EXPECT_EQ(table.squared_distance(a.data(), b.data(), Dtype::f32, cols), plain_squared(a.data(), b.data(), cols));
      EXPECT_EQ(table.inner_product(a.data(), b.data(), Dtype::f32, cols), plain_product(a.data(), b.data(), cols));
      EXPECT_EQ(table.squared_distance(a64.data(), b64.data(), Dtype::f64, cols),
                plain_squared(a64.data(), b64.data(), cols));
      EXPECT_EQ(table.squared_distance(a.data(), a.data(), Dtype::f32, cols), 0.0);
    });
    std::vector<uint8_t> bytes(2 * cols);
    std::vector<uint16_t> brain(2 * cols);
    std::vector<float> wide(2 * cols);
    std::vector<float> wide_brain(2 * cols);
    for (size_t c = 0; c < 2 * cols; ++c) {
      bytes[c] = uint8_t(256 * uniform(5, c));
      wide[c] = float(bytes[c]);
      const float value = float(normal(6, c));
      uint32_t bits = 0;
      std::memcpy(&bits, &value, 4);
      brain[c] = uint16_t(bits >> 16);
      bits &= 0xffff0000u;
      std::memcpy(&wide_brain[c], &bits, 4);
    }
    at_every_level([&](const KernelTable& table) {
      EXPECT_EQ(table.squared_distance(bytes.data(), bytes.data() + cols, Dtype::u8, cols),
                plain_squared(wide.data(), wide.data() + cols, cols));
      EXPECT_EQ(table.inner_product(brain.data(), brain.data() + cols, Dtype::bf16, cols),
                plain_product(wide_brain.data(), wide_brain.data() + cols, cols));
    });
  }
}

TEST(KCenter, PicksAsTheTextbookLoop) {
  const struct {
    size_t rows, cols, k;
  } shapes[] = {{1, 1, 1}, {2, 3, 2}, {50, 1, 50}, {700, 2, 100}, {900, 16, 200}, {600, 65, 150}, {400, 300, 400}};
  for (const auto& [rows, cols, k] : shapes) {
    SCOPED_TRACE(testing::Message() << rows << " x " << cols);
    const std::vector<float> x = gaussian(rows * cols, rows);
    expect_textbook(x, rows, cols, Metric::euclidean, {}, 0, k);
    expect_textbook(x, rows, cols, Metric::cosine, {}, uint32_t(rows - 1), k);
    if (rows > 40) expect_textbook(x, rows, cols, Metric::euclidean, {3, 7, 3, 39}, 0, std::min(k, rows - 3));
  }
}

TEST(KCenter, PicksAsTheTextbookLoopWhereProductsAreInexact) {
  const size_t rows = 500;
  const size_t cols = 24;
  for (const double offset : {100.0, 1e4}) {
    expect_textbook(gaussian(rows * cols, 11, 1, offset), rows, cols, Metric::euclidean, {}, 0, 120);
    expect_textbook(gaussian(rows * cols, 12, 1, offset), rows, cols, Metric::cosine, {}, 0, 60);
  }
  for (const double scale : {1e-30, 1e-18, 1e18, 1e30}) {
    expect_textbook(gaussian(rows * cols, 13, scale), rows, cols, Metric::euclidean, {}, 0, 120);
    expect_textbook(gaussian(rows * cols, 14, scale), rows, cols, Metric::cosine, {}, 0, 60);
  }
  std::vector<double> wide(rows * cols);
  for (size_t i = 0; i < wide.size(); ++i) wide[i] = 1e90 * (normal(15, i) + (i % cols == 0 ? 1e3 : 0));
  expect_textbook(wide, rows, cols, Metric::euclidean, {}, 0, 120);
  for (double& x : wide) x *= 1e-180;
  expect_textbook(wide, rows, cols, Metric::euclidean, {}, 0, 120);
  // rows that differ by one unit in the last place
  std::vector<float> near(rows * cols, 1.0f);
  for (size_t r = 0; r < rows; ++r) near[r * cols + r % cols] += float(r / cols) * 0x1p-23f;
  expect_textbook(near, rows, cols, Metric::euclidean, {}, 0, rows);
}

TEST(KCenter, DuplicatesAndTiesGoToTheLowestRow) {
  const size_t cols = 9;
  std::vector<float> copies;
  const std::vector<float> base = gaussian(20 * cols, 21);
  for (int copy = 0; copy < 40; ++copy) copies.insert(copies.end(), base.begin(), base.end());
  expect_textbook(copies, 800, cols, Metric::euclidean, {}, 0, 100);
  expect_textbook(copies, 800, cols, Metric::cosine, {}, 0, 100);
  expect_textbook(copies, 800, cols, Metric::cosine, {5, 700}, 0, 400);
  expect_textbook(std::vector<float>(300 * cols, 2.5f), 300, cols, Metric::euclidean, {}, 4, 300);
  expect_textbook(std::vector<float>(300 * cols, 0.0f), 300, cols, Metric::euclidean, {9}, 0, 200);
  std::vector<float> line(600);
  for (size_t i = 0; i < line.size(); ++i) line[i] = float(i);
  expect_textbook(line, 600, 1, Metric::euclidean, {}, 0, 600);
  std::vector<float> grid(900 * 2);
  for (size_t i = 0; i < 900; ++i) {
    grid[2 * i] = float(i % 30);
    grid[2 * i + 1] = float(i / 30);
  }
  expect_textbook(grid, 900, 2, Metric::euclidean, {}, 0, 500);
}

TEST(KCenter, NamesTheLowestUnusableRow) {
  std::vector<float> x = gaussian(300 * 5, 31);
  x[120 * 5 + 2] = std::numeric_limits<float>::quiet_NaN();
  x[50 * 5] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(k_center(view_of(x, 300, 5), Metric::euclidean, {}, 0, 3, 1, Control()).bad_row, 50);
  std::vector<double> large(300 * 5, 1.0);
  large[77 * 5 + 1] = 1e101;
  EXPECT_EQ(k_center(view_of(large, 300, 5), Metric::euclidean, {}, 0, 3, 1, Control()).bad_row, 77);
  std::vector<float> zero = gaussian(300 * 5, 32);
  std::fill_n(zero.begin() + 200 * 5, 5, 0.0f);
  EXPECT_EQ(k_center(view_of(zero, 300, 5), Metric::cosine, {}, 0, 3, 1, Control()).bad_row, 200);
  EXPECT_EQ(k_center(view_of(zero, 300, 5), Metric::euclidean, {}, 0, 3, 1, Control()).bad_row, kNoRow);
}

TEST(KCenter, StopsWhenAsked) {
  const std::vector<float> x = gaussian(3000 * 8, 33);
  int32_t words[2] = {1, 0};
  EXPECT_LT(k_center(view_of(x, 3000, 8), Metric::euclidean, {}, 0, 3000, 2, Control(words)).rows.size(), 3000u);
  int32_t free[2] = {0, 0};
  k_center(view_of(x, 3000, 8), Metric::euclidean, {}, 0, 50, 2, Control(free));
  EXPECT_EQ(free[1], 50);
}

// Deferred D^2 sampling as it is defined, with every weight computed anew.
struct PlainSampler {
  size_t rows;
  uint64_t seed;
  std::function<double(size_t, size_t)> distance;
  std::vector<double> stale, fresh;
  std::vector<uint32_t> pending;
  size_t rejections = 0;

  void centre(uint32_t c) {
    for (size_t r = 0; r < rows; ++r) fresh[r] = std::min(fresh[r], distance(r, c));
    pending.push_back(c);
  }
  void refresh() {
    stale = fresh;
    pending.clear();
    rejections = 0;
  }
  // -1: nothing is left
  int64_t draw(size_t pick) {
    for (uint32_t attempt = 0;; ++attempt) {
      if (pending.size() == 64 || rejections == 64) refresh();
      std::vector<double> sums;
      double total = 0;
      for (size_t begin = 0; begin < rows; begin += 1024) {
        double sum = 0;
        for (size_t r = begin; r < std::min(rows, begin + 1024); ++r) sum += stale[r];
        sums.push_back(sum);
        total += sum;
      }
      if (!(total > 0)) return -1;
      const PhiloxWords w = philox(seed, {uint32_t(pick), attempt, 4, 0});
      const auto unit = [](uint32_t high, uint32_t low) {
        return (double(high >> 5) * 67108864.0 + double(low >> 6)) / 9007199254740992.0;
      };
      const double target = unit(w[0], w[1]) * total;
      double before = 0;
      size_t block = 0;
      while (block + 1 < sums.size() && !(target < before + sums[block])) before += sums[block++];
      double sum = 0;
      size_t row = block * 1024;
      for (size_t r = row; r < std::min(rows, block * 1024 + 1024); ++r) {
        if (stale[r] == 0) continue;
        row = r;
        sum += stale[r];
        if (target - before < sum) break;
      }
      if (unit(w[2], w[3]) * stale[row] < fresh[row]) return int64_t(row);
      ++rejections;
    }
  }
};

TEST(KMeansPlusPlus, DrawsAsDefined) {
  for (const size_t rows : {5, 200, 2500}) {
    const size_t cols = 3;
    const std::vector<float> x = gaussian(rows * cols, rows);
    const size_t k = std::min<size_t>(rows, 150);
    const std::vector<uint32_t> labeled = {1, 4};
    PlainSampler plain{rows,
                       42,
                       [&](size_t a, size_t b) { return plain_squared(&x[a * cols], &x[b * cols], cols); },
                       {},
                       std::vector<double>(rows, std::numeric_limits<double>::infinity()),
                       {},
                       0};
    for (const uint32_t row : labeled) plain.centre(row);
    plain.refresh();
    std::vector<uint32_t> expected;
    while (expected.size() < k - 2) {
      const int64_t row = plain.draw(expected.size());
      ASSERT_GE(row, 0);
      expected.push_back(uint32_t(row));
      plain.centre(uint32_t(row));
    }
    at_every_level([&](const KernelTable&) {
      for (const unsigned threads : {1u, 2u}) {
        const Selection got =
            k_means_plus_plus(view_of(x, rows, cols), {labeled.data(), 2}, k - 2, 42, threads, Control());
        ASSERT_EQ(got.rows, expected);
      }
    });
  }
}

TEST(KMeansPlusPlus, NeverRepeatsARowAndEndsAmongDuplicates) {
  const std::vector<float> same(500 * 2, 1.0f);
  const Selection all = k_means_plus_plus(view_of(same, 500, 2), {}, 500, 7, 2, Control());
  std::vector<uint32_t> sorted = all.rows;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < 500; ++i) EXPECT_EQ(sorted[i], i);
  EXPECT_TRUE(std::is_sorted(all.rows.begin() + 1, all.rows.end()));
}

TEST(Badge, DrawsAsDefinedAndNeverWhatIsExcluded) {
  const size_t rows = 600;
  const size_t classes = 10;
  const size_t cols = 33;
  const std::vector<float> p = random_probabilities(rows, classes, 5, 2);
  const std::vector<float> h = gaussian(rows * cols, 6);
  std::vector<float> a(p);
  for (size_t r = 0; r < rows; ++r) {
    const auto begin = p.begin() + ptrdiff_t(r * classes);
    const auto best = size_t(std::max_element(begin, begin + ptrdiff_t(classes)) - begin);
    a[r * classes + best] = float(double(p[r * classes + best]) - 1);
  }
  const auto norm = [&](size_t i) {
    return plain_product(&a[i * classes], &a[i * classes], classes) * plain_product(&h[i * cols], &h[i * cols], cols);
  };
  const auto distance = [&](size_t i, size_t j) {
    if (i == j) return 0.0;
    return std::max(0.0, norm(i) + norm(j) -
                             2 * (plain_product(&a[i * classes], &a[j * classes], classes) *
                                  plain_product(&h[i * cols], &h[j * cols], cols)));
  };
  const std::vector<uint32_t> excluded = {0, 17, 17, 599};
  PlainSampler plain{rows, 9, distance, {}, std::vector<double>(rows, std::numeric_limits<double>::infinity()), {}, 0};
  for (const uint32_t row : excluded) plain.fresh[row] = 0;
  uint32_t first = 1;
  for (uint32_t r = 1; r < rows; ++r) {
    if (plain.fresh[r] > 0 && norm(r) > norm(first)) first = r;
  }
  std::vector<uint32_t> expected = {first};
  plain.centre(first);
  plain.refresh();
  while (expected.size() < 200) {
    const int64_t row = plain.draw(expected.size());
    expected.push_back(uint32_t(row));
    plain.centre(uint32_t(row));
  }
  const Predictions predictions{view_of(p, rows, classes), From::probabilities, Normalize::check, 1e-3};
  at_every_level([&](const KernelTable&) {
    for (const unsigned threads : {1u, 2u}) {
      const Selection got =
          badge(predictions, view_of(h, rows, cols), {excluded.data(), excluded.size()}, 200, 9, threads, Control());
      ASSERT_EQ(got.rows, expected);
    }
  });
}

TEST(Badge, NamesTheUnusablePrediction) {
  std::vector<float> p = random_probabilities(100, 4, 5, 2);
  const std::vector<float> h = gaussian(100 * 3, 6);
  p[60 * 4] += 0.5f;
  const Predictions predictions{view_of(p, 100, 4), From::probabilities, Normalize::check, 1e-3};
  const Selection got = badge(predictions, view_of(h, 100, 3), {}, 5, 9, 1, Control());
  EXPECT_EQ(got.bad_row, 60);
  EXPECT_TRUE(got.bad_prediction);
  EXPECT_TRUE(got.rows.empty());
}

}  // namespace
}  // namespace querent::test
