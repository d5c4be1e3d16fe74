// A ring of transitions: rows of several fields, drawn at random with replacement, alike or by priority.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sum_tree.h"
#include "types.h"

namespace querent {

// How the number in a field reads, where the store has to read it.
enum class ReplayNumber : int { f32 = 0, f64 = 1, integer = 2 };

struct ReplayField {
  size_t bytes;  // of one row
};

struct ReplayPriorities {
  double alpha;
  double epsilon;
};

// Rows are drawn as windows of up to `steps` rows in the order they were added: the reward field is summed over the
// window with a factor `discount` from row to row, `last` fields come from its last row, all others from its first.
// A window ends early after a row whose done (or cut) field is not zero, and at the newest row.
struct ReplayWindows {
  uint32_t steps;
  double discount;
  size_t reward;
  ReplayNumber reward_number;  // not integer
  size_t done;
  ReplayNumber done_number;
  std::optional<size_t> cut;
  ReplayNumber cut_number;
  std::vector<bool> last;  // per field
};

struct ReplaySpec {
  size_t capacity;  // 1 .. 2^32 - 2
  std::vector<ReplayField> fields;
  uint64_t seed;
  std::optional<ReplayPriorities> priorities;
  std::optional<ReplayWindows> windows;
};

// What a copy needs beside the rows and their stored priorities to go on with the same draws.
struct ReplayState {
  size_t size;
  size_t next;       // the row that is written next
  uint64_t samples;  // calls of sample() so far
  double largest;    // |priority|
};

// Stored priorities may not exceed this, so that the sum of 2^32 of them is finite.
inline constexpr double kMostStored = 0x1p960;

// Not thread-safe.
class ReplayStore {
 public:
  // Throws std::bad_alloc.
  explicit ReplayStore(ReplaySpec spec);

  size_t size() const { return state_.size; }
  const ReplaySpec& spec() const { return spec_; }
  const ReplayState& state() const { return state_; }
  // Bytes of a row, all fields one after the other.
  size_t row_bytes() const { return row_bytes_; }
  // Memory that has been written so far, about.
  size_t used_bytes() const;

  // columns[f]: `rows` rows of field f. They overwrite the oldest and get the largest priority so far (1 at the start).
  // Returns the first row written; the others follow, and after the last row of the ring comes row 0.
  uint32_t add(size_t rows, const void* const* columns);

  // Row at[i] is stored with (|priorities[i]| + epsilon)^alpha, an exact zero with zero; the last one wins where a row
  // is repeated. Returns -1, or changes nothing and returns the lowest i that is wrong: a row that is not there, a
  // priority that is not finite or whose stored value would exceed kMostStored.
  int64_t set_priorities(const uint32_t* at, const double* priorities, size_t n);

  // n independent draws. weights[i] = (N P(i))^-beta over the largest of the batch; columns[f] receives n rows of field
  // f; discounts[i] = discount^(rows of the window). weights and discounts are null without priorities or windows.
  // False, changing nothing, when nothing can be drawn: no rows, or no priority above zero.
  bool sample(size_t n, double beta, uint32_t* rows, float* weights, void* const* columns, float* discounts);

  // For files. Rows [first, first + count) of the ring below the capacity; priorities as they are stored.
  void read_rows(size_t first, size_t count, char* out) const;
  void write_rows(size_t first, size_t count, const char* bytes);
  void read_priorities(size_t first, size_t count, double* out) const;
  void write_priorities(size_t first, size_t count, const double* values);
  // After all rows and priorities are written. Returns -1, or the first row whose stored priority is not a number from
  // 0 to kMostStored, or the size where that holds for the largest priority; the store is of no use then.
  int64_t restore(const ReplayState& state);

 private:
  char* row(size_t at) const { return memory_.data() + at * row_bytes_; }
  // The stored form of x[i] = |priority|, in place.
  void store_form(double* x, size_t n) const;
  void draw(size_t n, uint32_t* rows);
  void weigh(size_t n, double beta, const uint32_t* rows, float* weights);
  // Asks the memory for rows that are read soon.
  void fetch(const uint32_t* rows, size_t n) const;
  void gather(size_t n, const uint32_t* rows, void* const* columns, float* discounts) const;
  // The last row of the window that starts at `first`; adds up its rewards.
  size_t follow(size_t first, double* rewards, float* discount) const;
  bool ends(size_t at) const;
  void set_largest(double largest);

  ReplaySpec spec_;
  ReplayState state_{};
  std::vector<size_t> offsets_;
  size_t row_bytes_;
  ZeroedMemory memory_;
  std::optional<SumTree> tree_;
  double stored_largest_ = 1;
  std::vector<double> numbers_, logs_;  // scratch
};

}  // namespace querent
