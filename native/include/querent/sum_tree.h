// Sums over weights, for drawing rows in proportion to them (Schaul, Quan, Antonoglou, Silver: Prioritized experience
// replay. ICLR 2016), eight children to a node so that a node is one cache line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "zeroed_memory.h"

namespace querent {

// Leaves are finite and >= 0, and so is the sum of all of them. A node is always computed from its children, added up
// from the first to the last, and never by adding a difference: what the tree holds depends on its leaves alone, not on
// the updates that led there. Not thread-safe.
class SumTree {
 public:
  // All zero. Throws std::bad_alloc.
  explicit SumTree(size_t leaves);

  double total() const { return *sums(levels_.size() - 1); }
  double leaf(size_t at) const { return sums(0)[at]; }

  // leaf[at[i]] = values[i], in order: the last one wins.
  void update(const uint32_t* at, const double* values, size_t n);
  void fill(size_t begin, size_t end, double value);
  // Leaves [begin, end) may be written by the caller, who then calls sum().
  double* leaves() { return sums(0); }
  void sum(size_t begin, size_t end);

  // For every target, a number in [0, total()), the leaf whose share it falls into; targets are overwritten. On the way
  // down a target falls into the last child that is not zero and whose elder siblings add up to no more than the
  // target, and goes on without that sum. So a leaf of zero is never drawn, whatever was rounded. total() must be above
  // zero.
  void draw(double* targets, uint32_t* out, size_t n) const;

 private:
  // Where things are, in doubles. Both arrays end with a line of zeros, where targets go that rounding has led astray.
  struct Level {
    size_t nodes;   // a multiple of eight
    size_t sums;    // [nodes]
    size_t begins;  // [nodes, 8]: for each child the sum of its elder siblings; not for leaves and their parents
  };
  static std::vector<Level> lay_out(size_t leaves);
  size_t doubles() const;
  double* at(size_t offset) const { return reinterpret_cast<double*>(memory_.data()) + offset; }
  double* sums(size_t level) const { return at(levels_[level].sums); }
  double* begins(size_t level) const { return at(levels_[level].begins); }
  // Nodes node_of(0), …, node_of(n - 1) of a level, from their children.
  template <class NodeOf>
  void sum_nodes(size_t level, size_t n, NodeOf node_of);
  uint32_t draw_carefully(double target) const;

  std::vector<Level> levels_;  // leaves first
  ZeroedMemory memory_;
  std::vector<uint32_t> stale_;
  std::vector<uint64_t> seen_;  // one bit per node of a level, all zero between calls
};

}  // namespace querent
