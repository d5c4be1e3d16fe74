// Scratch layouts of the kernels that need more than a tile, worked out once for sizing and once for use.
#pragma once

#include "tables.h"

namespace querent {

inline constexpr size_t kSlack = 64;  // elements behind every buffer that whole vectors may touch

class Bump {
 public:
  explicit Bump(void* base) : base_(static_cast<char*>(base)) {}
  template <class T>
  T* take(size_t count) {
    char* p = base_ + used_;
    used_ += (count * sizeof(T) + 63) / 64 * 64;
    return reinterpret_cast<T*>(p);
  }
  size_t used() const { return used_; }

 private:
  char* base_;
  size_t used_ = 0;
};

// Rows that the pass kernels hold at a time: about 2 kB a pass, so that many passes still stream well, and all passes
// of a tile inside the second-level cache. Results do not depend on it.
constexpr size_t pass_tile_rows(size_t passes, size_t cols) {
  if (cols >= 64) return tile_rows(cols);
  size_t rows = 512 / cols / kTileRows * kTileRows;
  while (rows > kTileRows && passes * rows * cols > 131072) rows -= kTileRows;
  return rows < kTileRows ? kTileRows : rows;
}

struct PassScratch {
  double* samples;  // [T, n, C] as the compute type, where they are not read in place
  double* mean;     // [n, C]
  double* shares;   // [n, C] vote shares
  double* high;     // [n, C] in the compute type: the mean split for the subtraction from it
  double* inverse;
  double* low_share;
  double* terms;    // [n, C] in the compute type
  double* room;     // one tile
  double* rows;     // kMeasureCount x [n] in f64
  double* faults;   // [n] in the compute type: passes in which the row is no distribution
  uint32_t* votes;  // [n, C]
  size_t pass_stride;

  static PassScratch lay_out(Bump& bump, size_t passes, size_t cols) {
    const size_t n = pass_tile_rows(passes, cols);
    const size_t elements = n * cols + kSlack;
    PassScratch s{};
    s.pass_stride = elements;
    s.samples = bump.take<double>(passes * elements);
    s.mean = bump.take<double>(elements);
    s.shares = bump.take<double>(elements);
    s.high = bump.take<double>(elements);
    s.inverse = bump.take<double>(elements);
    s.low_share = bump.take<double>(elements);
    s.faults = bump.take<double>(n + kTileRows);
    s.terms = bump.take<double>(elements);
    s.room = bump.take<double>(kTileRows * padded_cols(cols) + kSlack);
    s.rows = bump.take<double>(kMeasureCount * (n + kTileRows));
    s.votes = bump.take<uint32_t>(elements);
    return s;
  }
};

// Numbers in one row of all passes, whole tiles of passes and what vectors may touch behind them.
constexpr size_t candidate_elements(size_t passes, size_t cols) {
  return (passes + kTileRows - 1) / kTileRows * kTileRows * cols + kSlack;
}

struct CandidateScratch {
  double* probs;  // [T, C]
  double* mean;   // [C]
  double* sums;   // [T]
  double* room;   // one row

  static CandidateScratch lay_out(Bump& bump, size_t passes, size_t cols) {
    CandidateScratch s{};
    s.probs = bump.take<double>(candidate_elements(passes, cols));
    s.mean = bump.take<double>(candidate_elements(1, cols));
    s.sums = bump.take<double>(passes);
    s.room = bump.take<double>(padded_cols(cols) + kSlack);
    return s;
  }
};

}  // namespace querent
