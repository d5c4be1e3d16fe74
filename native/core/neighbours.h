// The nearest rows of every row, exact.
#pragma once

#include <querent/control.h>

#include <functional>

#include "bound_rows.h"
#include "pair_rows.h"

namespace querent {

// Sees every tile of bounds on or above the diagonal: kBlock rows from `row` on against kBlock columns from `col` on,
// [kBlock, kBlock]; `largest` is the largest of them.
using LookAtTile = std::function<void(const BoundFrame&, const BoundPoints&, size_t row, size_t col, float largest,
                                      const float* tile)>;

// columns[i * count ..] and distances[i * count ..] become the `count` rows nearest to row i, itself among them, the
// lowest at equal distance, in no order. 1 <= count <= rows. Stopped: nothing of use.
void nearest_rows(const KernelTable& table, const PairRows& rows, size_t count, unsigned threads, Control control,
                  const LookAtTile& look, uint32_t* columns, double* distances);

}  // namespace querent
