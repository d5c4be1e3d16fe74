// The best k of any number of scores, best first, without sorting the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "types.h"

namespace querent {

enum class TieBreak : int { index = 0, random = 1 };

// Row numbers that may not be picked, restricted to one block.
struct Excluded {
  const uint32_t* rows = nullptr;
  size_t count = 0;
};

// Scores join block by block, in any order; the answer depends on the set of (row, score) pairs only. NaN is never
// eligible. Not thread-safe: give each thread its own and merge.
class TopK {
 public:
  TopK(size_t k, TieBreak tie_break, uint64_t seed);
  ~TopK();
  TopK(TopK&&) noexcept;
  TopK& operator=(TopK&&) noexcept;

  // scores[i] belongs to row offset + i.
  void add(const float* scores, size_t n, uint32_t offset, Excluded excluded);
  void add(const double* scores, size_t n, uint32_t offset, Excluded excluded);
  void merge(const TopK& other);

  // How many rows result() will write: min(k, eligible rows).
  size_t size() const;
  void result(uint32_t* rows, double* scores) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace querent
