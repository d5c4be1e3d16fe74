// One level's table. Compiled once per level, like the kernels.
#include "lanes.h"
#include "level_functions.h"

namespace querent::QUERENT_LEVEL {

#if defined(QUERENT_SCALAR)
#define QUERENT_INSTRUCTIONS "scalar"
#else
#define QUERENT_INSTRUCTIONS HWY_STR(HWY_NAMESPACE)
#endif

extern const KernelTable kTable;
const KernelTable kTable = {
    QUERENT_LEVEL_LABEL,
    QUERENT_INSTRUCTIONS,
    Simd<float>::W,
    score_rows,
    reduce_passes,
    accumulate_pass,
    collect_above_f32,
    collect_above_f64,
    exp_f32,
    log_f32,
    exp_f64,
    log_f64,
    sum_read,
    &kPanelCols,
    row_products,
    screen_rows,
    row_to_floats,
    squared_norm,
    squared_distance,
    inner_product,
    load_candidate,
    measure_candidate,
    joint_entropies,
    rows_as_f64,
    pair_block_sums,
    pair_list_sums,
    bound_block,
    transpose_block,
    bound_gain,
    bound_tile_gains,
    least_bound,
    collect_below,
    square_roots,
    layout_repulsion,
    layout_all_pairs,
    layout_attraction,
};

}  // namespace querent::QUERENT_LEVEL
