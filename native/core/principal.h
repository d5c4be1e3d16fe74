// The first two principal components, for a layout to start from.
#pragma once

#include "pair_rows.h"

namespace querent {

// out [rows, 2]: coordinates of the centred rows along the two directions of the largest variance, nearly (orthogonal
// iteration of eight directions, a fixed number of times, and the Ritz vectors of their span). The largest element of a
// direction is positive. Every sum has a fixed order: the same bits at every level and with any number of threads.
void principal_components(const PairRows& rows, unsigned threads, double* out);

}  // namespace querent
