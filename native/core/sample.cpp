#include <querent/dispatch.h>
#include <querent/philox.h>
#include <querent/sample.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "../kernels/tables.h"

namespace querent {
namespace {

// Unbiased number below `range` (Lemire: Fast random integer generation in an interval. TOMACS 2019) from the words of
// draw `index`.
uint32_t below(uint64_t seed, uint64_t index, uint32_t range) {
  for (uint32_t attempt = 0;; ++attempt) {
    for (const uint32_t word : philox(seed, Stream::sample, index, attempt)) {
      const uint64_t product = uint64_t{word} * range;
      const uint32_t low = uint32_t(product);
      if (low >= range || low >= (0u - range) % range) return uint32_t(product >> 32);
    }
  }
}

// The entries of 0 .. n-1 that a shuffle has moved, by open addressing.
class MovedEntries {
 public:
  explicit MovedEntries(uint32_t k) : slots_(std::bit_ceil(size_t{k} * 4 + 4)) {}

  uint32_t get(uint32_t position) const {
    const Slot& slot = slots_[find(position)];
    return slot.used ? slot.value : position;
  }
  void set(uint32_t position, uint32_t value) { slots_[find(position)] = {position, value, true}; }

 private:
  struct Slot {
    uint32_t position = 0;
    uint32_t value = 0;
    bool used = false;
  };
  size_t find(uint32_t position) const {
    size_t i = (position * 0x9E3779B1u) & (slots_.size() - 1);
    while (slots_[i].used && slots_[i].position != position) i = (i + 1) & (slots_.size() - 1);
    return i;
  }
  std::vector<Slot> slots_;
};

}  // namespace

void sample_uniform(uint32_t n, uint32_t k, uint64_t seed, uint32_t* out) {
  if (k > n / 16) {
    std::vector<uint32_t> entries(n);
    std::iota(entries.begin(), entries.end(), 0u);
    for (uint32_t i = 0; i < k; ++i) {
      std::swap(entries[i], entries[i + below(seed, i, n - i)]);
      out[i] = entries[i];
    }
    return;
  }
  MovedEntries moved(k);
  for (uint32_t i = 0; i < k; ++i) {
    const uint32_t j = i + below(seed, i, n - i);
    out[i] = moved.get(j);
    moved.set(j, moved.get(i));
  }
}

int64_t sample_weighted(const double* weights, uint32_t n, uint32_t k, uint64_t seed, uint32_t* out) {
  struct Candidate {
    double key;
    uint32_t row;
    bool operator<(const Candidate& other) const { return key != other.key ? key < other.key : row < other.row; }
  };
  std::vector<double> uniform(n);
  for (uint32_t i = 0; i < n; ++i) {
    if (!(weights[i] >= 0) || std::isinf(weights[i])) return -1 - int64_t{i};
    const PhiloxWords words = philox(seed, Stream::weighted_sample, i);
    uniform[i] = (double(words[0]) * 0x1p20 + double(words[1] >> 12) + 0.5) * 0x1p-52;
  }
  std::vector<double> logs(n);
  current_level().log_f64(uniform.data(), logs.data(), n);
  std::vector<Candidate> candidates;
  candidates.reserve(n);
  for (uint32_t i = 0; i < n; ++i) {
    if (weights[i] > 0) candidates.push_back({-logs[i] / weights[i], i});
  }
  const size_t count = std::min<size_t>(k, candidates.size());
  if (count > 0 && count < candidates.size()) {
    std::nth_element(candidates.begin(), candidates.begin() + ptrdiff_t(count) - 1, candidates.end());
  }
  std::sort(candidates.begin(), candidates.begin() + ptrdiff_t(count));
  for (size_t i = 0; i < count; ++i) out[i] = candidates[i].row;
  return int64_t(count);
}

}  // namespace querent
