// The functions that the kernel sources of one level export to its table.
#pragma once

#include "tables.h"

namespace querent::QUERENT_LEVEL {

int64_t score_rows(const ScoreSpec&, const MatrixView&, size_t begin, size_t end, void* scratch, void* out);
int64_t reduce_passes(const PassesSpec&, const PassesView&, size_t begin, size_t end, void* scratch, void* const* outs);
int64_t accumulate_pass(const PassesSpec&, const MatrixView&, size_t begin, size_t end, size_t pass, void* scratch,
                        const StreamState&);
size_t collect_above_f32(const float* scores, size_t n, float threshold, bool inclusive, uint32_t* found);
size_t collect_above_f64(const double* scores, size_t n, double threshold, bool inclusive, uint32_t* found);
void exp_f32(const float* in, float* out, size_t n);
void log_f32(const float* in, float* out, size_t n);
void exp_f64(const double* in, double* out, size_t n);
void log_f64(const double* in, double* out, size_t n);
double sum_read(const float* data, size_t n);
extern const size_t kPanelCols;
void row_products(const float* a, size_t stride, size_t rows, const float* panels, size_t cols, size_t depth,
                  float* out, size_t out_stride);
size_t screen_rows(const float* a, const float* b, size_t stride, size_t rows, size_t cols, const float* cost,
                   const float* bar, uint32_t* hits, uint64_t* masks);
void row_to_floats(const void* row, Dtype dtype, size_t cols, const float* mean, double scale, float* out);
float squared_norm(const float* row, size_t cols);
double squared_distance(const void* a, const void* b, Dtype dtype, size_t cols);
double inner_product(const void* a, const void* b, Dtype dtype, size_t cols);
void load_candidate(const PassesSpec&, const PassesView&, size_t row, void* scratch, double* probs, double* sums);
bool measure_candidate(const PassesSpec&, const PassesView&, size_t row, void* scratch, CandidateMeasures* measures);
void joint_entropies(const JointView&, size_t begin, size_t end, const double* probs, size_t cols, double* lanes);
void rows_as_f64(const MatrixView&, size_t begin, size_t end, double* out);
void pair_block_sums(bool dot, const double* x, size_t rows, size_t cols, size_t stride, const double* panel,
                     double* out, size_t out_stride);
void pair_list_sums(bool dot, const double* x, const MatrixView&, const uint32_t* rows, size_t count, double* out);
float bound_block(const float* x, const float* x_squares, size_t rows, size_t cols, const float* panel,
                  const float* y_squares, float* out, size_t out_stride);
void transpose_block(const float* in, size_t in_stride, size_t rows, size_t cols, float* out, size_t out_stride);
double bound_gain(const float* reach, const float* bounds, size_t n);
void bound_tile_gains(const float* bounds, size_t stride, const float* row_reach, const float* col_reach, size_t n,
                      float* row_gains, float* col_gains);
float least_bound(const float* bounds, size_t n);
size_t collect_below(const float* bounds, size_t n, float limit, uint32_t* found);
void square_roots(double* values, size_t n);
void layout_repulsion(const double* x, const double* y, const double* source_x, const double* source_y,
                      const double* mass, size_t count, double* out_x, double* out_y, double* out_sum);
void layout_all_pairs(const double* x, const double* y, size_t first_point, const double* affinities, size_t points,
                      LayoutForces* out);
void layout_attraction(const double* points, size_t row, const uint32_t* columns, const double* affinities,
                       size_t count, double* out);

}  // namespace querent::QUERENT_LEVEL
