// Affinities of t-SNE (van der Maaten, Hinton: Visualizing data using t-SNE. JMLR 9, 2008): Gaussian neighbourhoods of
// one perplexity, made symmetric; all together they sum to 1.
#pragma once

#include <querent/control.h>

#include <vector>

#include "pair_rows.h"

namespace querent {

// Rows of one group of kLayoutLanes side by side: that of rows (i, j) lies at (i / kLayoutLanes * rows + j) *
// kLayoutLanes + i % kLayoutLanes; zeros behind the last row.
LargeArray<double> dense_affinities(const KernelTable& table, const PairRows& rows, double perplexity, unsigned threads,
                                    Control control);

// Those of row i, by column: entries [starts[i], starts[i + 1]), filled up to whole groups of kLayoutLanes with zeros
// of the row itself.
struct SparseAffinities {
  std::vector<size_t> starts;
  std::vector<uint32_t> columns;
  std::vector<double> values;
};

// Neighbourhoods are of the floor(3 perplexity) nearest other rows, the lowest at equal distance (van der Maaten:
// Accelerating t-SNE using tree-based algorithms. JMLR 15, 2014).
SparseAffinities sparse_affinities(const KernelTable& table, const PairRows& rows, double perplexity, unsigned threads,
                                   Control control);

}  // namespace querent
