// The distance of every row to its nearest centre, exact, while centres are added.
//
// Whole blocks of centres meet the pool at once. An f32 product of rows and centres, with a rigorous bound on its
// error, sorts out the pairs that cannot lower a row's distance; what is left (a few pairs a row) is computed in f64
// from the input itself. So the distances are those of the definition, bit for bit, whatever the product's rounding
// was.
//
// With n = |x|^2 and products p~ of packed rows, |p~ - p| <= kappa (n_x + n_y) / 2 covers the rounding of the packing,
// of the product and of the norms. A pair can lower x's distance m only if
//     n_x (1 - kappa) + n_y (1 - kappa) - 2 p~ <= m      that is      p~ - cost_y >= bar_x,
//     cost_y = n_y (1 - kappa) / 2                                    bar_x = (n_x (1 - kappa) - m) / 2
// and one number a row is all that a pass has to look at. Cosine distance takes centres of length one and cost 0.
#pragma once

#include <querent/control.h>
#include <querent/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace querent {

struct KernelTable;

enum class Geometry : int {
  euclidean,  // squared Euclidean distance
  cosine,     // 1 - cosine of the angle
  gradient,   // squared distance of outer products factor x row (BADGE)
};

// Rows [N, classes] of f32 that span, with the points, the outer products of Geometry::gradient.
struct Factors {
  const float* data = nullptr;
  size_t classes = 0;
};

// Zeroed floats that start on a cache line: vectors of a panel must not straddle two.
class AlignedFloats {
 public:
  void assign(size_t count) {
    memory_.assign(count + 16, 0);
    const auto address = reinterpret_cast<uintptr_t>(memory_.data());
    start_ = (64 - address % 64) % 64 / sizeof(float);
  }
  float* data() { return memory_.data() + start_; }
  const float* data() const { return memory_.data() + start_; }

 private:
  std::vector<float> memory_;
  size_t start_ = 0;
};

class Nearest {
 public:
  static constexpr size_t kMostCentres = 64;  // centres of one pass
  static constexpr size_t kBlockRows = 1024;  // rows of one unit of work

  Nearest(const MatrixView& points, Geometry geometry, Factors factors, unsigned threads);

  // Reads every row once. Returns the lowest unusable row (NaN, infinite, beyond 1e100; of length zero under cosine),
  // or kNoRow. Distances are infinite afterwards.
  int64_t prepare();

  // Adds at most kMostCentres centres. False when it was stopped in between: distances are then partly old.
  bool add(const uint32_t* centres, size_t count, const Control& control);

  // The distance of a pair, as defined.
  double exact(uint32_t row, uint32_t centre) const;
  // For each row its distance to the nearest centre so far.
  const double* distances() const { return distance_.data(); }
  // A row that shall never be lowered again, and is at distance 0.
  void retire(uint32_t row);
  // Squared length of the (outer product) vector of a row; its length under cosine.
  double norm(uint32_t row) const { return norm_[row]; }

  const MatrixView& points() const { return points_; }
  unsigned threads() const { return threads_; }

  // A set of rows laid out as the right side of products, for other rows to be compared with.
  class Panels {
   public:
    void pack(const Nearest& nearest, const uint32_t* rows, size_t count);
    // The rows j that may lie nearer to `row` than distance[j], as positions in hits; returns how many. Not for
    // Geometry::gradient.
    size_t closer(const Nearest& nearest, uint32_t row, const double* distance, uint32_t* hits) const;

   private:
    friend class Nearest;
    AlignedFloats points_;     // panels of embedding rows
    AlignedFloats factors_;    // panels of factor rows
    std::vector<float> cost_;  // + infinity behind the last
    size_t count_ = 0;
    size_t padded_ = 0;
  };

 private:
  float bar(double norm, double distance) const;
  float cost(uint32_t row) const;
  // Row as the left side of products: the input itself, or packed into room.
  const float* left(uint32_t row, float* room) const;
  void pack_block(size_t begin, size_t end, const float** rows, size_t* stride, float* room) const;
  void prefetch_rows(size_t begin, size_t end) const;
  void choose_packing();
  void measure_norms(bool* finite, double* most);
  double exact_norm(uint32_t row) const;
  const void* raw(size_t row) const;
  // Lowers the distance of a row by those of the centres that its mask names.
  void refine(uint32_t row, uint64_t mask, const uint32_t* centres, const float* products, const float* factors,
              const float* cost);

  const MatrixView points_;
  const Geometry geometry_;
  const Factors factors_;
  const unsigned threads_;
  const KernelTable& table_;
  double kappa_ = 0;
  bool in_place_ = false;
  double scale_ = 1;         // a power of two
  double slack_ = 0x1p-120;  // what products lose below the smallest floats
  std::vector<float> mean_;
  std::vector<double> distance_;
  std::vector<double> norm_;
  std::vector<float> bar_;
};

}  // namespace querent
