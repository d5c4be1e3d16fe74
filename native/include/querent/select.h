// Diverse subsets of rows: greedy k-center, D^2 sampling (k-means++) and BADGE. All of them are exact: what they pick
// is what the plain loops over f64 distances pick, on any number of threads and at any level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "control.h"
#include "types.h"

namespace querent {

struct Selection {
  std::vector<uint32_t> rows;  // in the order they were picked; short when the call was stopped
  std::vector<double> distances;
  double covering_radius = 0;
  int64_t bad_row = kNoRow;  // the lowest unusable row: nothing was picked
  bool bad_prediction = false;
};

struct RowList {
  const uint32_t* rows = nullptr;
  size_t count = 0;
};

// Gonzalez' farthest-first traversal from the labelled rows, or from row `first` (which is then pick 0). k + distinct
// labelled rows <= points.rows. distances: metric distance of each pick to what came before it.
Selection k_center(const MatrixView& points, Metric metric, RowList labeled, uint32_t first, size_t k, unsigned threads,
                   const Control& control);

// Each pick with probability proportional to its squared distance to what came before it, labelled rows included.
Selection k_means_plus_plus(const MatrixView& points, RowList labeled, size_t k, uint64_t seed, unsigned threads,
                            const Control& control);

struct Predictions {
  MatrixView view;
  From from;
  Normalize normalize;
  double tolerance;
};

// k-means++ on the gradient embeddings of the last layer, whose outer products are never formed; the first pick is the
// longest.
Selection badge(const Predictions& predictions, const MatrixView& points, RowList excluded, size_t k, uint64_t seed,
                unsigned threads, const Control& control);

}  // namespace querent
