// What each CPU level offers, as plain function pointers: the only thing that kernel objects export.
#pragma once

#include <querent/types.h>

namespace querent {

struct ScoreSpec {
  Method method;
  From from;
  Kind kind;
  Normalize normalize;
  double tolerance;  // largest |row sum - 1| that `check` allows
};

// Rows [begin, end) of a matrix. `scratch` holds score_scratch_bytes(view) bytes, 64-byte aligned.
// `out` receives end - begin scores (float for every dtype but f64); an invalid row is NaN.
// Returns the lowest invalid row, or kNoRow.
using ScoreRows = int64_t (*)(const ScoreSpec&, const MatrixView&, size_t begin, size_t end, void* scratch, void* out);

struct PassesSpec {
  From from;
  Normalize normalize;
  double tolerance;
  uint32_t measures;
};

// Rows [begin, end) of samples [passes, rows, cols], contiguous. outs: one array of end - begin values per set bit of
// spec.measures, float (double for f64 samples). Returns the lowest invalid row, or kNoRow.
struct PassesView {
  const void* data;
  Dtype dtype;
  size_t passes;
  size_t rows;
  size_t cols;
};
using ReducePasses = int64_t (*)(const PassesSpec&, const PassesView&, size_t begin, size_t end, void* scratch,
                                 void* const* outs);

// Streaming form: pass number `pass` of probabilities or logits joins the f64 state of rows [begin, end).
// State pointers are those of the whole arrays; null where a measure does not need them.
struct StreamState {
  double* mean;     // [N, C]
  double* kl;       // [N]
  double* entropy;  // [N]
  double* m2;       // [N, C]
  uint32_t* votes;  // [N, C]
};
using AccumulatePass = int64_t (*)(const PassesSpec&, const MatrixView&, size_t begin, size_t end, size_t pass,
                                   void* scratch, const StreamState&);

// Appends to `found` the positions i of scores[0..n) with scores[i] > threshold (>= when inclusive), in order.
// NaN never passes. Returns how many were found; `found` holds n entries.
using CollectAbove32 = size_t (*)(const float* scores, size_t n, float threshold, bool inclusive, uint32_t* found);
using CollectAbove64 = size_t (*)(const double* scores, size_t n, double threshold, bool inclusive, uint32_t* found);

using MapArray32 = void (*)(const float* in, float* out, size_t n);
using MapArray64 = void (*)(const double* in, double* out, size_t n);

// BatchBALD. A candidate is one row of samples [T, N, C], as f64 probabilities [T, C]; `probs` holds
// candidate_elements(passes, cols) numbers, `sums` [T] the row sums (1 where the rows were divided by them).
using LoadCandidate = void (*)(const PassesSpec&, const PassesView&, size_t row, void* scratch, double* probs,
                               double* sums);
struct CandidateMeasures {
  double expected_entropy;  // mean over passes of the entropy
  double entropy_of_mean;
  double sum_error;  // largest |row sum - 1| of any pass
};
// False when the row is no distribution in some pass.
using MeasureCandidate = bool (*)(const PassesSpec&, const PassesView&, size_t row, void* scratch, CandidateMeasures*);

// Configurations in groups of kJointLanes, the last one filled up with zeros: weights [groups][T][kJointLanes] and
// share [groups][kJointLanes]; see joint_entropy.cpp.
inline constexpr size_t kJointLanes = 16;
struct JointView {
  const double* weights;
  const double* share;
  size_t passes;
};
// Adds share_m * sum_c -r ln r of the configurations in groups [begin, end) to 64 lanes; m goes to lane m mod 64.
using JointEntropies = void (*)(const JointView&, size_t begin, size_t end, const double* probs, size_t cols,
                                double* lanes);

// Adds up all elements: the read-bandwidth yardstick of the benchmarks.
using SumRead = double (*)(const float* data, size_t n);

// out[r * out_stride + j] = the f32 inner product of row r and column j, j < cols: one fma per k, in the order of k, so
// a function of the pair alone. Column j of the right side lies in panel j / panel_cols, element k at panels[(j /
// panel_cols * depth + k) * panel_cols + j % panel_cols]; panels are whole (zeros behind the last column), and out has
// room for whole vectors (cols rounded up to 16).
using RowProducts = void (*)(const float* a, size_t stride, size_t rows, const float* panels, size_t cols, size_t depth,
                             float* out, size_t out_stride);

// Rows r in which some a[r][j] - cost[j] (a * b - cost where b is given) reaches bar[r], in order; returns how many.
// cols <= 64, and cost is +infinity behind the last column, up to a multiple of 16. hits and masks have room for
// rows + 1 entries; bit j of a mask: column j reaches it.
using ScreenRows = size_t (*)(const float* a, const float* b, size_t stride, size_t rows, size_t cols,
                              const float* cost, const float* bar, uint32_t* hits, uint64_t* masks);

// (row - mean) * scale, rounded to f32 once or twice.
using RowToFloats = void (*)(const void* row, Dtype dtype, size_t cols, const float* mean, double scale, float* out);
using SquaredNorm = float (*)(const float* row, size_t cols);

// f64, in the order of 64 virtual lanes: what distances are defined as.
using ReducePair = double (*)(const void* a, const void* b, Dtype dtype, size_t cols);
// Pairs of rows. Sums are those of the distance definition: f64, 64 lanes, of (x - y)^2 or with `dot` of x y.
using RowsAsF64 = void (*)(const MatrixView&, size_t begin, size_t end, double* out);
// out[r * out_stride + j] for `rows` rows against the kPairPanel columns of a panel: element c of column j lies at
// panel[c * kPairPanel + j].
using PairBlockSums = void (*)(bool dot, const double* x, size_t rows, size_t cols, size_t stride, const double* panel,
                               double* out, size_t out_stride);
// out[i] for x against row rows[i] of a matrix of f32 or f64.
using PairListSums = void (*)(bool dot, const double* x, const MatrixView&, const uint32_t* rows, size_t count,
                              double* out);
// x_squares + y_squares - 2 x·y in f32 of `rows` rows [rows, cols] against the kBoundPanel columns of a panel; returns
// the largest of them. The dot product of a pair is one chain of `cols` additions.
using BoundBlock = float (*)(const float* x, const float* x_squares, size_t rows, size_t cols, const float* panel,
                             const float* y_squares, float* out, size_t out_stride);
// out[c][r] = in[r][c]; rows and cols are multiples of 16.
using TransposeBlock = void (*)(const float* in, size_t in_stride, size_t rows, size_t cols, float* out,
                                size_t out_stride);
// Sum of max(0, reach[i] - bounds[i]) with a relative error below 1.6e-5; n is a multiple of 64.
using BoundGain = double (*)(const float* reach, const float* bounds, size_t n);

// The same for a tile of n rows and columns, n a multiple of 16: row_gains[r] is set to the sum over columns c of
// max(0, col_reach[c] - bounds[r * stride + c]); to col_gains[c], where it is not null, that over rows is added.
using BoundTileGains = void (*)(const float* bounds, size_t stride, const float* row_reach, const float* col_reach,
                                size_t n, float* row_gains, float* col_gains);
using LeastBound = float (*)(const float* bounds, size_t n);
// The positions of bounds <= limit, in order; `found` holds n entries.
using CollectBelow = size_t (*)(const float* bounds, size_t n, float limit, uint32_t* found);
using SquareRoots = void (*)(double* values, size_t n);

inline constexpr size_t kLayoutLanes = 8;
// Layouts (t-SNE) in the plane, f64. With q = 1 / (1 + |difference|²) of two points:
// Repulsion of kLayoutLanes points by `count` sources: sums of mass q² (difference), and of mass q.
using LayoutRepulsion = void (*)(const double* x, const double* y, const double* source_x, const double* source_y,
                                 const double* mass, size_t count, double* out_x, double* out_y, double* out_sum);
// Points [first_point, first_point + kLayoutLanes) against points [0, points), in that order; affinities [points]
// [kLayoutLanes]. x and y may be read up to whole groups.
struct LayoutForces {
  double pull_x[kLayoutLanes], pull_y[kLayoutLanes];  // affinity q (difference)
  double push_x[kLayoutLanes], push_y[kLayoutLanes];  // q² (difference)
  double sum[kLayoutLanes];                           // q
};
using LayoutAllPairs = void (*)(const double* x, const double* y, size_t first_point, const double* affinities,
                                size_t points, LayoutForces* out);
// out [2]: the sum of affinity q (difference) of a point and its neighbours, neighbour e in lane e mod kLayoutLanes,
// lanes folded by halves. points [N, 2]; count is a multiple of kLayoutLanes (affinities of 0 behind the last).
using LayoutAttraction = void (*)(const double* points, size_t row, const uint32_t* columns, const double* affinities,
                                  size_t count, double* out);

inline constexpr size_t kPairPanel = 16;
inline constexpr size_t kBoundPanel = 32;

struct KernelTable {
  const char* level;         // the name users see
  const char* instructions;  // what the compiler really targeted, for the test that no level is silently another
  size_t lanes;              // f32 lanes of one vector
  ScoreRows score_rows;
  ReducePasses reduce_passes;
  AccumulatePass accumulate_pass;
  CollectAbove32 collect_above_f32;
  CollectAbove64 collect_above_f64;
  MapArray32 exp_f32, log_f32;
  MapArray64 exp_f64, log_f64;
  SumRead sum_read;
  const size_t* panel_cols;
  RowProducts row_products;
  ScreenRows screen_rows;
  RowToFloats row_to_floats;
  SquaredNorm squared_norm;
  ReducePair squared_distance;
  ReducePair inner_product;
  LoadCandidate load_candidate;
  MeasureCandidate measure_candidate;
  JointEntropies joint_entropies;
  RowsAsF64 rows_as_f64;
  PairBlockSums pair_block_sums;
  PairListSums pair_list_sums;
  BoundBlock bound_block;
  TransposeBlock transpose_block;
  BoundGain bound_gain;
  BoundTileGains bound_tile_gains;
  LeastBound least_bound;
  CollectBelow collect_below;
  SquareRoots square_roots;
  LayoutRepulsion layout_repulsion;
  LayoutAllPairs layout_all_pairs;
  LayoutAttraction layout_attraction;
};

// Bytes of scratch that the row kernels need, 64-byte aligned. Depends on the shape only.
size_t score_scratch_bytes(const MatrixView& view);
size_t passes_scratch_bytes(const PassesSpec& spec, const PassesView& view);
size_t accumulate_scratch_bytes(const MatrixView& view);
size_t candidate_scratch_bytes(const PassesView& view);

// How many rows a kernel works on at a time; fixed by the shape, never by the machine.
inline constexpr size_t kTileRows = 16;
inline constexpr size_t kVerticalCols = 64;  // up to here lanes are rows, above lanes are columns

constexpr size_t tile_rows(size_t cols) {
  const size_t fit = cols == 0 ? kTileRows : 32768 / cols;
  return fit < 1 ? 1 : fit > kTileRows ? kTileRows : fit;
}
// Row length of widened tiles: whole quads, so that reading four columns at a time stays inside.
constexpr size_t padded_cols(size_t cols) {
  return (cols + 3) / 4 * 4;
}

}  // namespace querent
