// Facility location: k rows that together stand for all rows.
#pragma once

#include <querent/control.h>
#include <querent/types.h>

#include <vector>

namespace querent {

struct FacilityResult {
  std::vector<uint32_t> rows;
  std::vector<double> gains;
  int64_t bad_row = kNoRow;  // no rows when there is one
};

// Greedy maximisation of the sum over all rows i of max over picks j of similarity(i, j); similarity is the largest
// squared distance of any pair minus the squared distance, or 1 + cos. The lowest row wins ties. `neighbours` 0: all
// similarities count, and 4 bytes a pair are held; else those of the nearest columns of each row (the lowest at equal
// distance), the others being 0. k <= rows. Stopped: what was picked so far.
FacilityResult facility_location(const MatrixView& matrix, Metric metric, size_t neighbours, size_t k, unsigned threads,
                                 Control control);

}  // namespace querent
