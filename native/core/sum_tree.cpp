#include <querent/sum_tree.h>

#include <algorithm>

namespace querent {
namespace {

constexpr size_t kWidth = 8;
// The lowest level whose nodes keep where their children begin: below it there are too many.
constexpr size_t kLowestBegins = 2;
// Targets that go down the tree side by side: their cache misses overlap.
constexpr size_t kAbreast = 256;

inline double sum_of(const double* children) {
  double sum = 0;
  for (size_t child = 0; child < kWidth; ++child) sum += children[child];
  return sum;
}

inline double sum_and_begins(const double* children, double* begins) {
  double sum = 0;
  for (size_t child = 0; child < kWidth; ++child) {
    begins[child] = sum;
    sum += children[child];
  }
  return sum;
}

size_t whole_lines(size_t doubles) {
  return (doubles + kWidth - 1) / kWidth * kWidth;
}

}  // namespace

std::vector<SumTree::Level> SumTree::lay_out(size_t leaves) {
  std::vector<Level> levels;
  size_t end = 0;
  const auto place = [&end](size_t doubles) {
    const size_t begin = end;
    end += doubles + kWidth;
    return begin;
  };
  for (size_t nodes = leaves;; nodes = (nodes + kWidth - 1) / kWidth) {
    Level level{whole_lines(nodes), 0, 0};
    level.sums = place(level.nodes);
    if (levels.size() >= kLowestBegins) level.begins = place(level.nodes * kWidth);
    levels.push_back(level);
    if (nodes == 1 && levels.size() > 1) return levels;
  }
}

size_t SumTree::doubles() const {
  const Level& top = levels_.back();
  const size_t after_begins = levels_.size() > kLowestBegins ? top.begins + (top.nodes + 1) * kWidth : 0;
  return std::max(after_begins, top.sums + top.nodes + kWidth);
}

SumTree::SumTree(size_t leaves)
    : levels_(lay_out(leaves)), memory_(doubles() * sizeof(double)), seen_(levels_[1].nodes / 64 + 1) {}

template <class NodeOf>
void SumTree::sum_nodes(size_t level, size_t n, NodeOf node_of) {
  const double* children = sums(level - 1);
  double* sum = sums(level);
  if (level < kLowestBegins) {
    for (size_t i = 0; i < n; ++i) sum[node_of(i)] = sum_of(children + node_of(i) * kWidth);
  } else {
    double* begin = begins(level);
    for (size_t i = 0; i < n; ++i) {
      const size_t node = node_of(i);
      sum[node] = sum_and_begins(children + node * kWidth, begin + node * kWidth);
    }
  }
}

void SumTree::update(const uint32_t* at, const double* values, size_t n) {
  double* leaf = leaves();
  for (size_t i = 0; i < n; ++i) __builtin_prefetch(leaf + at[i], 1);
  for (size_t i = 0; i < n; ++i) leaf[at[i]] = values[i];
  stale_.assign(at, at + n);
  for (size_t level = 1; level < levels_.size(); ++level) {
    size_t parents = 0;
    for (size_t i = 0; i < n; ++i) {
      const uint32_t parent = stale_[i] / kWidth;
      const uint64_t bit = uint64_t{1} << (parent % 64);
      const bool is_new = (seen_[parent / 64] & bit) == 0;
      seen_[parent / 64] |= bit;
      stale_[parents] = parent;
      parents += is_new;
    }
    n = parents;
    for (size_t i = 0; i < n; ++i) seen_[stale_[i] / 64] = 0;
    sum_nodes(level, n, [this](size_t i) { return size_t{stale_[i]}; });
  }
}

void SumTree::fill(size_t begin, size_t end, double value) {
  std::fill(leaves() + begin, leaves() + end, value);
  sum(begin, end);
}

void SumTree::sum(size_t begin, size_t end) {
  if (begin == end) return;
  for (size_t level = 1; level < levels_.size(); ++level) {
    begin /= kWidth;
    end = (end + kWidth - 1) / kWidth;
    sum_nodes(level, end - begin, [begin](size_t i) { return begin + i; });
  }
}

// No step has a branch on the target: which way it goes is random, and a wrong guess of the processor would cost more
// than the whole step.
void SumTree::draw(double* targets, uint32_t* out, size_t n) const {
  double given[kAbreast];
  for (size_t first = 0; first < n; first += kAbreast) {
    const size_t count = std::min(kAbreast, n - first);
    double* target = targets + first;
    uint32_t* node = out + first;
    std::copy(target, target + count, given);
    std::fill(node, node + count, 0u);
    for (size_t level = levels_.size() - 1; level >= kLowestBegins; --level) {
      const double* lines = begins(level);
      const double* next = level > kLowestBegins ? begins(level - 1) : sums(0);
      const auto astray = uint32_t(levels_[level - 1].nodes);
      for (size_t i = 0; i < count; ++i) {
        const double* begin = lines + size_t{node[i]} * kWidth;
        uint32_t child = 0;
        for (size_t c = 1; c < kWidth; ++c) child += target[i] >= begin[c];
        target[i] -= begin[child];
        node[i] = std::min(node[i] * uint32_t{kWidth} + child, astray);
        __builtin_prefetch(next + size_t{node[i]} * kWidth);
      }
    }
    const size_t astray = levels_[0].nodes;
    for (size_t i = 0; i < count; ++i) {
      const double* leaf = sums(0) + std::min(size_t{node[i]} * kWidth, astray);
      double begin = 0;
      uint32_t child = 0;
      for (size_t c = 1; c < kWidth; ++c) {
        begin += leaf[c - 1];
        child += target[i] >= begin;
      }
      node[i] = leaf[child] > 0 ? node[i] * uint32_t{kWidth} + child : draw_carefully(given[i]);
    }
  }
}

uint32_t SumTree::draw_carefully(double target) const {
  size_t node = 0;
  for (size_t level = levels_.size() - 1; level-- > 0;) {
    const double* children = sums(level) + node * kWidth;
    double begin = 0;
    double begin_of_child = 0;
    size_t child = 0;
    for (size_t c = 0; c < kWidth; ++c) {
      if (target >= begin && children[c] > 0) {
        child = c;
        begin_of_child = begin;
      }
      begin += children[c];
    }
    target -= begin_of_child;
    node = node * kWidth + child;
  }
  return uint32_t(node);
}

}  // namespace querent
