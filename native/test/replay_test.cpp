#include <querent/replay.h>
#include <querent/sum_tree.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "support.h"

namespace querent::test {
namespace {

uint32_t below(uint64_t seed, uint64_t index, uint32_t n) {
  return uint32_t(uniform(seed, index) * n);
}

// The share that a target falls into, by adding up all leaves in long double.
size_t owner(const std::vector<double>& leaves, double target) {
  long double begin = 0;
  for (size_t i = 0; i < leaves.size(); ++i) {
    begin += leaves[i];
    if (target < begin) return i;
  }
  return leaves.size();
}

TEST(SumTree, DrawsTheLeafThatOwnsTheTargetWhereSumsAreExact) {
  for (const size_t n : {1, 2, 7, 8, 9, 64, 65, 511, 512, 513, 5000}) {
    SumTree tree(n);
    std::vector<double> leaves(n);
    for (size_t i = 0; i < n; ++i) leaves[i] = below(n, i, 4);  // whole numbers, many zeros
    leaves[n / 2] = 3;
    std::copy(leaves.begin(), leaves.end(), tree.leaves());
    tree.sum(0, n);
    const auto total = size_t(tree.total());
    std::vector<double> targets(total);
    for (size_t i = 0; i < total; ++i) targets[i] = double(i) + 0.25 * double(i % 4);
    const std::vector<double> given = targets;
    std::vector<uint32_t> drawn(total);
    tree.draw(targets.data(), drawn.data(), total);
    for (size_t i = 0; i < total; ++i) ASSERT_EQ(drawn[i], owner(leaves, given[i])) << n << " " << given[i];
  }
}

TEST(SumTree, AZeroIsNeverDrawnHoweverBadlyTheTargetIsRounded) {
  const double wild[] = {0, 1e-310, DBL_MIN, 0.1, 1, 1.0 / 3, 1e16, 1e200, 0x1p-1000};
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const size_t n = 1 + below(seed, 0, 700);
    SumTree tree(n);
    for (size_t i = 0; i < n; ++i) {
      tree.leaves()[i] = uniform(seed, 3 * i + 1) < 0.6 ? 0 : wild[below(seed, 3 * i + 2, 9)];
    }
    tree.leaves()[below(seed, 7, uint32_t(n))] = 0.7;
    tree.sum(0, n);
    const double total = tree.total();
    std::vector<double> targets = {0, DBL_TRUE_MIN, total / 3, std::nextafter(total, 0.0), total, 2 * total, HUGE_VAL};
    for (size_t i = 0; i < n; ++i) targets.push_back(std::nextafter(tree.leaf(i), total));
    std::vector<uint32_t> drawn(targets.size());
    tree.draw(targets.data(), drawn.data(), drawn.size());
    for (const uint32_t leaf : drawn) {
      ASSERT_LT(leaf, n);
      ASSERT_GT(tree.leaf(leaf), 0) << "seed " << seed;
    }
  }
}

TEST(SumTree, IsToTheBitAFreshTreeAfterManyUpdates) {
  const size_t n = 3000;
  SumTree tree(n);
  std::vector<double> leaves(n, 0);
  for (uint64_t round = 0; round < 3000; ++round) {
    const size_t count = 1 + below(1, round, 40);
    std::vector<uint32_t> at(count);
    std::vector<double> values(count);
    for (size_t i = 0; i < count; ++i) {
      at[i] = below(2, round * 64 + i, round % 3 == 0 ? 10 : n);  // every third round repeats rows
      values[i] = std::exp(60 * uniform(3, round * 64 + i) - 30);
      leaves[at[i]] = values[i];
    }
    tree.update(at.data(), values.data(), count);
    if (round % 100 == 7) {
      std::fill(leaves.begin() + 500, leaves.begin() + 1700, values[0]);
      tree.fill(500, 1700, values[0]);
    }
  }
  SumTree fresh(n);
  std::copy(leaves.begin(), leaves.end(), fresh.leaves());
  fresh.sum(0, n);
  const double got = tree.total();
  const double expected = fresh.total();
  EXPECT_EQ(std::memcmp(&got, &expected, sizeof got), 0);
  std::vector<double> targets(500);
  for (size_t i = 0; i < targets.size(); ++i) targets[i] = uniform(4, i) * got;
  std::vector<double> same = targets;
  std::vector<uint32_t> drawn(500), redrawn(500);
  tree.draw(targets.data(), drawn.data(), 500);
  fresh.draw(same.data(), redrawn.data(), 500);
  EXPECT_EQ(drawn, redrawn);
}

ReplaySpec numbers(size_t capacity, std::optional<ReplayPriorities> priorities) {
  return {capacity, {{sizeof(double)}}, 5, priorities, std::nullopt};
}

std::vector<uint32_t> add_numbers(ReplayStore& store, double first, size_t n) {
  std::vector<double> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = first + double(i);
  const void* columns[] = {values.data()};
  const uint32_t begin = store.add(n, columns);
  std::vector<uint32_t> rows(n);
  for (size_t i = 0; i < n; ++i) rows[i] = uint32_t((begin + i) % store.spec().capacity);
  return rows;
}

struct Batch {
  std::vector<uint32_t> rows;
  std::vector<float> weights;
  std::vector<double> values;
};

Batch sample(ReplayStore& store, size_t n, double beta) {
  Batch batch{std::vector<uint32_t>(n), std::vector<float>(n), std::vector<double>(n)};
  void* columns[] = {batch.values.data()};
  float* weights = store.spec().priorities ? batch.weights.data() : nullptr;
  EXPECT_TRUE(store.sample(n, beta, batch.rows.data(), weights, columns, nullptr));
  return batch;
}

TEST(Replay, DrawsWeightsAndStoredPrioritiesAreTheSameAtEveryLevel) {
  std::vector<uint32_t> rows;
  std::vector<float> weights;
  at_every_level([&](const KernelTable& table) {
    ReplayStore store(numbers(1000, ReplayPriorities{0.63, 1e-6}));
    std::vector<uint32_t> all_rows;
    std::vector<float> all_weights;
    for (uint64_t round = 0; round < 40; ++round) {
      const std::vector<uint32_t> added = add_numbers(store, double(round) * 77, 77);
      std::vector<double> priorities(added.size());
      for (size_t i = 0; i < added.size(); ++i) {
        const double u = uniform(round, i);
        priorities[i] = u < 0.1 ? 0 : std::ldexp(u - 0.5, int(below(9, i + round, 60)) - 30);
      }
      ASSERT_EQ(store.set_priorities(added.data(), priorities.data(), added.size()), -1);
      const Batch batch = sample(store, 33, 0.4);
      all_rows.insert(all_rows.end(), batch.rows.begin(), batch.rows.end());
      all_weights.insert(all_weights.end(), batch.weights.begin(), batch.weights.end());
    }
    EXPECT_STREQ(last_level(), table.level);
    if (rows.empty()) {
      rows = all_rows;
      weights = all_weights;
    }
    EXPECT_EQ(all_rows, rows);
    EXPECT_TRUE(same_bits(all_weights, weights));
  });
}

TEST(Replay, StoredPrioritiesAndWeightsFollowTheirFormulas) {
  const double alpha = 0.6;
  const double epsilon = 0.01;
  ReplayStore store(numbers(64, ReplayPriorities{alpha, epsilon}));
  const std::vector<uint32_t> rows = add_numbers(store, 0, 50);
  std::vector<double> priorities(50);
  for (size_t i = 0; i < 50; ++i) priorities[i] = i % 7 == 0 ? 0 : (i % 2 == 0 ? -1.0 : 1.0) * uniform(1, i) * 20;
  double stored = 0;
  store.read_priorities(0, 1, &stored);
  EXPECT_LT(relative_error(stored, std::pow(1.0L + epsilon, (long double)alpha)), 1e-14);
  ASSERT_EQ(store.set_priorities(rows.data(), priorities.data(), 50), -1);
  std::vector<long double> expected(50);
  long double total = 0;
  for (size_t i = 0; i < 50; ++i) {
    expected[i] = priorities[i] == 0 ? 0 : std::pow(fabsl((long double)priorities[i]) + epsilon, (long double)alpha);
    total += expected[i];
    store.read_priorities(i, 1, &stored);
    EXPECT_LT(relative_error(stored, expected[i]), 1e-14);
  }
  const double beta = 0.7;
  const Batch batch = sample(store, 400, beta);
  std::vector<long double> weights(400);
  for (size_t i = 0; i < 400; ++i) weights[i] = std::pow(50 * expected[batch.rows[i]] / total, -(long double)beta);
  const long double largest = *std::max_element(weights.begin(), weights.end());
  for (size_t i = 0; i < 400; ++i) {
    EXPECT_LT(relative_error(batch.weights[i], weights[i] / largest), 1e-7);
    EXPECT_EQ(batch.values[i], double(batch.rows[i]));
  }
}

TEST(Replay, WhatCannotBeStoredIsRefusedAndChangesNothing) {
  ReplayStore store(numbers(8, ReplayPriorities{2, 0}));
  const std::vector<uint32_t> rows = add_numbers(store, 0, 4);
  const double bad[] = {NAN, HUGE_VAL, -HUGE_VAL, 1e200};
  for (const double value : bad) {
    const double priorities[] = {3, 4, value, 5};
    EXPECT_EQ(store.set_priorities(rows.data(), priorities, 4), 2);
  }
  const uint32_t missing[] = {0, 4};
  const double fine[] = {2, 2};
  EXPECT_EQ(store.set_priorities(missing, fine, 2), 1);
  for (size_t i = 0; i < 4; ++i) {
    double stored = 0;
    store.read_priorities(i, 1, &stored);
    EXPECT_EQ(stored, 1);
  }
  EXPECT_EQ(store.state().largest, 1);
  // too small for a number, but not zero: it can still be drawn
  const double tiny[] = {1e-200};
  EXPECT_EQ(store.set_priorities(rows.data(), tiny, 1), -1);
  double stored = 0;
  store.read_priorities(0, 1, &stored);
  EXPECT_EQ(stored, DBL_MIN);
}

TEST(Replay, NothingIsDrawnFromNothing) {
  double value = 0;
  void* columns[] = {&value};
  uint32_t row = 0;
  float weight = 0;
  ReplayStore uniform_store(numbers(4, std::nullopt));
  EXPECT_FALSE(uniform_store.sample(1, 0, &row, nullptr, columns, nullptr));
  ReplayStore store(numbers(4, ReplayPriorities{0.5, 1}));
  EXPECT_FALSE(store.sample(1, 0, &row, &weight, columns, nullptr));
  const std::vector<uint32_t> rows = add_numbers(store, 0, 4);
  const double zeros[] = {0, -0.0, 0, 0};
  EXPECT_EQ(store.set_priorities(rows.data(), zeros, 4), -1);
  EXPECT_FALSE(store.sample(1, 0, &row, &weight, columns, nullptr));
  EXPECT_EQ(store.state().samples, 0u);
  EXPECT_THROW(ReplayStore(ReplaySpec{size_t{1} << 31, {{size_t{1} << 40}}, 0, {}, {}}), std::bad_alloc);
}

}  // namespace
}  // namespace querent::test
