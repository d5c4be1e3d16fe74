// Distances of every row of one matrix to every row of another.
#pragma once

#include <querent/control.h>
#include <querent/score.h>
#include <querent/types.h>

namespace querent {

struct PairwiseResult {
  int64_t bad_row = kNoRow;  // nothing was written when there is one
  bool in_second = false;    // whether it is a row of b
};

// out[i * rows of b + j], rounded once from f64. b null: a against itself, each pair computed once, zeros on the
// diagonal.
PairwiseResult pairwise_distances(const MatrixView& a, const MatrixView* b, Metric metric, bool squared,
                                  unsigned threads, ScoresOut out, Control control);

}  // namespace querent
