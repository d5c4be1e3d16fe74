#include <querent/dispatch.h>
#include <querent/philox.h>
#include <querent/replay.h>

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <cstring>

#include "../kernels/tables.h"

namespace querent {
namespace {

// Rows gathered at a time: the next block is fetched while this one, in the nearest cache by then, is copied.
constexpr size_t kBlock = 64;
// Rows that are fetched while their weights are computed.
constexpr size_t kFetchedEarly = 512;
// No more of a row than this is fetched beforehand.
constexpr size_t kFetchedBytes = 256;
constexpr size_t kCacheLine = 64;

std::vector<size_t> field_offsets(const std::vector<ReplayField>& fields) {
  std::vector<size_t> offsets = {0};
  for (const ReplayField& field : fields) offsets.push_back(offsets.back() + field.bytes);
  return offsets;
}

size_t store_bytes(size_t capacity, size_t row_bytes) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(capacity, row_bytes, &bytes)) throw std::bad_alloc();
  return bytes;
}

// One field of n rows between records and a column; what is short is copied without a call.
template <size_t kBytes, class Address>
void copy_out_fixed(size_t n, char* column, Address address) {
  for (size_t i = 0; i < n; ++i) std::memcpy(column + i * kBytes, address(i), kBytes);
}

template <class Address>
void copy_out(size_t n, size_t bytes, char* column, Address address) {
  switch (bytes) {
    case 1:
      return copy_out_fixed<1>(n, column, address);
    case 2:
      return copy_out_fixed<2>(n, column, address);
    case 4:
      return copy_out_fixed<4>(n, column, address);
    case 8:
      return copy_out_fixed<8>(n, column, address);
    case 12:
      return copy_out_fixed<12>(n, column, address);
    case 16:
      return copy_out_fixed<16>(n, column, address);
    case 32:
      return copy_out_fixed<32>(n, column, address);
    default:
      for (size_t i = 0; i < n; ++i) std::memcpy(column + i * bytes, address(i), bytes);
  }
}

double read_number(const char* at, ReplayNumber number) {
  if (number == ReplayNumber::f32) {
    float value;
    std::memcpy(&value, at, sizeof value);
    return double(value);
  }
  double value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

bool is_set(const char* at, size_t bytes, ReplayNumber number) {
  if (number != ReplayNumber::integer) return read_number(at, number) != 0;
  return std::any_of(at, at + bytes, [](char byte) { return byte != 0; });
}

}  // namespace

ReplayStore::ReplayStore(ReplaySpec spec)
    : spec_(std::move(spec)),
      offsets_(field_offsets(spec_.fields)),
      row_bytes_(offsets_.back()),
      memory_(store_bytes(spec_.capacity, row_bytes_)) {
  if (spec_.priorities) tree_.emplace(spec_.capacity);
  set_largest(1);
}

size_t ReplayStore::used_bytes() const {
  return state_.size * (row_bytes_ + (tree_ ? sizeof(double) : 0));
}

void ReplayStore::set_largest(double largest) {
  state_.largest = largest;
  stored_largest_ = largest;
  if (spec_.priorities) store_form(&stored_largest_, 1);
}

uint32_t ReplayStore::add(size_t rows, const void* const* columns) {
  const size_t first = state_.next;
  for (size_t done = 0; done < rows;) {
    const size_t begin = state_.next;
    const size_t count = std::min(rows - done, spec_.capacity - begin);
    for (size_t f = 0; f < spec_.fields.size(); ++f) {
      const size_t bytes = spec_.fields[f].bytes;
      const char* from = static_cast<const char*>(columns[f]) + done * bytes;
      char* to = row(begin) + offsets_[f];
      for (size_t i = 0; i < count; ++i) std::memcpy(to + i * row_bytes_, from + i * bytes, bytes);
    }
    if (tree_) tree_->fill(begin, begin + count, stored_largest_);
    done += count;
    state_.size = std::max(state_.size, begin + count);
    state_.next = (begin + count) % spec_.capacity;
  }
  return uint32_t(first);
}

void ReplayStore::store_form(double* x, size_t n) const {
  const auto [alpha, epsilon] = *spec_.priorities;
  const KernelTable& kernels = current_level();
  note_level(kernels);
  std::array<double, 64> logs;
  std::array<double, 64> powers;
  for (size_t begin = 0; begin < n; begin += logs.size()) {
    const size_t count = std::min(logs.size(), n - begin);
    double* block = x + begin;
    for (size_t i = 0; i < count; ++i) powers[i] = block[i] + epsilon;
    if (alpha == 0) {
      powers.fill(1);
    } else if (alpha != 1) {
      kernels.log_f64(powers.data(), logs.data(), count);
      for (size_t i = 0; i < count; ++i) logs[i] *= alpha;
      kernels.exp_f64(logs.data(), powers.data(), count);
    }
    // only an exact zero is never drawn, so a power that is too small for a number is not rounded to one
    for (size_t i = 0; i < count; ++i) block[i] = block[i] == 0 ? 0 : std::max(powers[i], DBL_MIN);
  }
}

int64_t ReplayStore::set_priorities(const uint32_t* at, const double* priorities, size_t n) {
  numbers_.resize(n);
  double largest = state_.largest;
  for (size_t i = 0; i < n; ++i) {
    numbers_[i] = std::fabs(priorities[i]);
    if (at[i] >= state_.size || !(numbers_[i] <= DBL_MAX)) {
      n = i;  // a wrong power before this place still comes first
      store_form(numbers_.data(), n);
      const auto wrong = std::find_if(numbers_.begin(), numbers_.begin() + ptrdiff_t(n),
                                      [](double stored) { return !(stored <= kMostStored); });
      return wrong - numbers_.begin();
    }
    largest = std::max(largest, numbers_[i]);
  }
  store_form(numbers_.data(), n);
  for (size_t i = 0; i < n; ++i) {
    if (!(numbers_[i] <= kMostStored)) return int64_t(i);
  }
  tree_->update(at, numbers_.data(), n);
  if (largest > state_.largest) set_largest(largest);
  return -1;
}

bool ReplayStore::sample(size_t n, double beta, uint32_t* rows, float* weights, void* const* columns,
                         float* discounts) {
  if (n == 0) return true;
  if (state_.size == 0 || (tree_ && !(tree_->total() > 0))) return false;
  draw(n, rows);
  state_.samples += 1;
  fetch(rows, std::min(n, kFetchedEarly));
  if (weights != nullptr) weigh(n, beta, rows, weights);
  gather(n, rows, columns, discounts);
  return true;
}

// Draw d of call c takes words 2 (d mod 2) and the next of counter (c, stream, d / 2): 64 bits, of which the priorities
// use the upper 53. The bias of the multiplication below is under one in 2^32 of a share.
void ReplayStore::draw(size_t n, uint32_t* rows) {
  const uint64_t call = state_.samples;
  const auto bits_of = [](const PhiloxWords& words, size_t draw) {
    const size_t at = 2 * (draw % 2);
    return uint64_t{words[at]} << 32 | words[at + 1];
  };
  if (!tree_) {
    for (size_t i = 0; i < n; i += 2) {
      const PhiloxWords words = philox(spec_.seed, Stream::replay, call, uint32_t(i / 2));
      for (size_t d = i; d < std::min(i + 2, n); ++d) {
        rows[d] = uint32_t((static_cast<unsigned __int128>(bits_of(words, d)) * state_.size) >> 64);
      }
    }
    return;
  }
  numbers_.resize(n + 1);
  const double total = tree_->total();
  for (size_t i = 0; i < n; i += 2) {
    const PhiloxWords words = philox(spec_.seed, Stream::replay, call, uint32_t(i / 2));
    numbers_[i] = double(bits_of(words, i) >> 11) * 0x1p-53 * total;
    numbers_[i + 1] = double(bits_of(words, i + 1) >> 11) * 0x1p-53 * total;
  }
  tree_->draw(numbers_.data(), rows, n);
}

// (N P)^-beta over its maximum is (stored / smallest stored)^-beta: N and the total cancel.
void ReplayStore::weigh(size_t n, double beta, const uint32_t* rows, float* weights) {
  const KernelTable& kernels = current_level();
  note_level(kernels);
  numbers_.resize(n);
  logs_.resize(n);
  for (size_t i = 0; i < n; ++i) numbers_[i] = tree_->leaf(rows[i]);
  kernels.log_f64(numbers_.data(), logs_.data(), n);
  const double smallest = *std::min_element(logs_.begin(), logs_.begin() + ptrdiff_t(n));
  for (size_t i = 0; i < n; ++i) logs_[i] = beta * (smallest - logs_[i]);
  kernels.exp_f64(logs_.data(), numbers_.data(), n);
  for (size_t i = 0; i < n; ++i) weights[i] = float(numbers_[i]);
}

void ReplayStore::fetch(const uint32_t* rows, size_t n) const {
  const size_t bytes = std::min(row_bytes_, kFetchedBytes);
  for (size_t i = 0; i < n; ++i) {
    const char* record = row(rows[i]);
    for (size_t at = 0; at < bytes; at += kCacheLine) __builtin_prefetch(record + at);
    __builtin_prefetch(record + bytes - 1);
  }
}

void ReplayStore::gather(size_t n, const uint32_t* rows, void* const* columns, float* discounts) const {
  const size_t reward = spec_.windows ? spec_.windows->reward : spec_.fields.size();
  std::vector<double> rewards;
  if (spec_.windows) {
    const size_t width = spec_.windows->reward_number == ReplayNumber::f32 ? sizeof(float) : sizeof(double);
    rewards.resize(spec_.fields[reward].bytes / width);
  }
  std::array<size_t, kBlock> last{};
  for (size_t begin = 0; begin < n; begin += kBlock) {
    const size_t next = std::min(begin + kBlock, n);
    fetch(rows + next, std::min(kBlock, n - next));
    const size_t count = std::min(kBlock, n - begin);
    for (size_t i = 0; spec_.windows && i < count; ++i) {
      last[i] = follow(rows[begin + i], rewards.data(), discounts + begin + i);
      char* out = static_cast<char*>(columns[reward]) + (begin + i) * spec_.fields[reward].bytes;
      if (spec_.windows->reward_number == ReplayNumber::f64) {
        std::memcpy(out, rewards.data(), spec_.fields[reward].bytes);
      } else {
        std::copy(rewards.begin(), rewards.end(), reinterpret_cast<float*>(out));
      }
    }
    for (size_t f = 0; f < spec_.fields.size(); ++f) {
      if (f == reward) continue;
      const size_t bytes = spec_.fields[f].bytes;
      const char* field = memory_.data() + offsets_[f];
      char* column = static_cast<char*>(columns[f]) + begin * bytes;
      if (spec_.windows && spec_.windows->last[f]) {
        copy_out(count, bytes, column, [&](size_t i) { return field + last[i] * row_bytes_; });
      } else {
        copy_out(count, bytes, column, [&](size_t i) { return field + size_t{rows[begin + i]} * row_bytes_; });
      }
    }
  }
}

bool ReplayStore::ends(size_t at) const {
  const ReplayWindows& windows = *spec_.windows;
  const auto is_field_set = [&](size_t f, ReplayNumber number) {
    return is_set(row(at) + offsets_[f], spec_.fields[f].bytes, number);
  };
  return is_field_set(windows.done, windows.done_number) ||
         (windows.cut && is_field_set(*windows.cut, windows.cut_number));
}

size_t ReplayStore::follow(size_t first, double* rewards, float* discount) const {
  const ReplayWindows& windows = *spec_.windows;
  const size_t width = windows.reward_number == ReplayNumber::f32 ? sizeof(float) : sizeof(double);
  const size_t parts = spec_.fields[windows.reward].bytes / width;
  const size_t newest = (state_.next == 0 ? spec_.capacity : state_.next) - 1;
  std::fill(rewards, rewards + parts, 0.0);
  double factor = 1;
  size_t at = first;
  for (uint32_t step = 1;; ++step) {
    const char* reward = row(at) + offsets_[windows.reward];
    for (size_t p = 0; p < parts; ++p) {
      rewards[p] += factor * read_number(reward + p * width, windows.reward_number);
    }
    factor *= windows.discount;
    if (step == windows.steps || at == newest || ends(at)) break;
    at = at + 1 == spec_.capacity ? 0 : at + 1;
  }
  *discount = float(factor);
  return at;
}

void ReplayStore::read_rows(size_t first, size_t count, char* out) const {
  std::memcpy(out, row(first), count * row_bytes_);
}

void ReplayStore::write_rows(size_t first, size_t count, const char* bytes) {
  std::memcpy(row(first), bytes, count * row_bytes_);
}

void ReplayStore::read_priorities(size_t first, size_t count, double* out) const {
  for (size_t i = 0; i < count; ++i) out[i] = tree_->leaf(first + i);
}

void ReplayStore::write_priorities(size_t first, size_t count, const double* values) {
  std::copy(values, values + count, tree_->leaves() + first);
}

int64_t ReplayStore::restore(const ReplayState& state) {
  for (size_t i = 0; tree_ && i < state.size; ++i) {
    if (!(tree_->leaf(i) >= 0 && tree_->leaf(i) <= kMostStored)) return int64_t(i);
  }
  set_largest(state.largest);
  if (!(stored_largest_ <= kMostStored)) return int64_t(state.size);
  state_ = state;
  if (tree_) tree_->sum(0, state.size);
  return -1;
}

}  // namespace querent
