#include <querent/dispatch.h>
#include <querent/parallel.h>
#include <querent/philox.h>
#include <querent/top_k.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

#include "../kernels/tables.h"

namespace querent {
namespace {

// Larger = better. `order` breaks ties: the complement of the row number, below a random word where asked for.
struct Key {
  uint64_t score;
  uint64_t order;
  friend bool operator>(const Key& a, const Key& b) {
    return a.score != b.score ? a.score > b.score : a.order > b.order;
  }
};

// Floats and doubles as integers in the same order; -0 and +0 are equal. A float maps to what its double maps to, so
// both may join one state.
uint64_t ordered(double score) {
  const uint64_t bits = std::bit_cast<uint64_t>(score + 0.0);
  return bits >> 63 ? ~bits : bits | uint64_t{1} << 63;
}

double score_of(uint64_t key) {
  return std::bit_cast<double>(key >> 63 ? key & ~(uint64_t{1} << 63) : ~key);
}

constexpr size_t kScanBlock = 4096;

}  // namespace

struct TopK::State {
  size_t k;
  TieBreak tie_break;
  uint64_t seed;
  std::vector<Key> keys;  // unsorted candidates; at most capacity
  size_t capacity;
  double threshold = -std::numeric_limits<double>::infinity();
  bool full = false;  // the threshold is the k-th best so far
  std::vector<uint64_t> block_excluded;

  Key make_key(double score, uint32_t row) const {
    uint64_t order = ~row;
    order &= 0xffffffffu;
    if (tie_break == TieBreak::random) {
      order |= uint64_t{~philox(seed, Stream::tie_break, row)[0]} << 32;
    }
    return {ordered(score), order};
  }

  void push(const Key& key) {
    keys.push_back(key);
    if (keys.size() == capacity) compact();
  }

  void compact() {
    std::nth_element(keys.begin(), keys.begin() + ptrdiff_t(k) - 1, keys.end(), std::greater<>());
    keys.resize(k);
    threshold = score_of(keys[k - 1].score);
    full = true;
  }

  template <class T, class Collect>
  void add(const T* scores, size_t n, uint32_t offset, Excluded excluded, Collect collect) {
    if (k == 0) return;
    const bool some_excluded = mark_excluded(n, offset, excluded);
    uint32_t found[kScanBlock];
    for (size_t i = 0; i < n; i += kScanBlock) {
      const size_t size = std::min(kScanBlock, n - i);
      // Rows that come later lose ties by index, but blocks may come in any order: equal scores always stay in.
      const size_t count = collect(scores + i, size, T(threshold), true, found);
      for (size_t f = 0; f < count; ++f) {
        const size_t at = i + found[f];
        if (some_excluded && (block_excluded[at / 64] >> (at % 64) & 1)) continue;
        const Key key = make_key(double(scores[at]), offset + uint32_t(at));
        if (full && !(key > keys[k - 1])) continue;
        push(key);
      }
    }
  }

  bool mark_excluded(size_t n, uint32_t offset, Excluded excluded) {
    if (excluded.count == 0) return false;
    block_excluded.assign((n + 63) / 64, 0);
    bool any = false;
    for (size_t i = 0; i < excluded.count; ++i) {
      const uint64_t at = uint64_t{excluded.rows[i]} - offset;
      if (at >= n) continue;
      block_excluded[at / 64] |= uint64_t{1} << (at % 64);
      any = true;
    }
    return any;
  }
};

TopK::TopK(size_t k, TieBreak tie_break, uint64_t seed) : state_(std::make_unique<State>()) {
  state_->k = k;
  state_->tie_break = tie_break;
  state_->seed = seed;
  state_->capacity = k + std::max<size_t>(k, 256);
}
TopK::~TopK() = default;
TopK::TopK(TopK&&) noexcept = default;
TopK& TopK::operator=(TopK&&) noexcept = default;

void TopK::add(const float* scores, size_t n, uint32_t offset, Excluded excluded) {
  state_->add(scores, n, offset, excluded, current_level().collect_above_f32);
}

void TopK::add(const double* scores, size_t n, uint32_t offset, Excluded excluded) {
  state_->add(scores, n, offset, excluded, current_level().collect_above_f64);
}

void TopK::merge(const TopK& other) {
  for (const Key& key : other.state_->keys) state_->push(key);
}

size_t TopK::size() const {
  return std::min(state_->k, state_->keys.size());
}

void TopK::result(uint32_t* rows, double* scores) const {
  std::vector<Key> keys = state_->keys;
  const size_t count = size();
  if (count < keys.size() && count > 0) {
    std::nth_element(keys.begin(), keys.begin() + ptrdiff_t(count) - 1, keys.end(), std::greater<>());
  }
  std::sort(keys.begin(), keys.begin() + ptrdiff_t(count), std::greater<>());
  for (size_t i = 0; i < count; ++i) {
    rows[i] = ~uint32_t(keys[i].order);
    scores[i] = score_of(keys[i].score);
  }
}

}  // namespace querent
