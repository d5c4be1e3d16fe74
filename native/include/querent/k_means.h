// Lloyd's algorithm from given centroids.
#pragma once

#include <querent/control.h>
#include <querent/types.h>

#include <vector>

namespace querent {

struct KMeansResult {
  std::vector<double> centroids;      // [k, cols]
  std::vector<uint32_t> assignments;  // nearest centroid of every row, the lowest among equals
  std::vector<uint32_t> nearest;      // nearest row of every centroid, no row twice
  double inertia = 0;                 // sum of squared distances to the nearest centroid
  uint32_t iterations = 0;            // how often the centroids were moved
  int64_t bad_row = kNoRow;           // nothing else is there when there is one
};

// Ends when no row changes its centroid, when the centroids together moved by at most `tolerance` times the mean
// variance of a column (squared distances), or after max_iterations. A centroid without rows takes the row that lies
// farthest from its own centroid. initial [k, cols]; 1 <= k <= rows.
KMeansResult k_means(const MatrixView& matrix, const double* initial, size_t k, size_t max_iterations, double tolerance,
                     unsigned threads, Control control);

}  // namespace querent
