// t-SNE: rows laid out in the plane, neighbours next to each other.
#pragma once

#include <querent/control.h>
#include <querent/types.h>

#include <vector>

namespace querent {

struct TsneSpec {
  double perplexity;  // at least 1, three times it at most rows - 1
  double theta;       // 0: all pairs, 8 bytes each; else Barnes-Hut
  size_t iterations;
  double exaggeration;
  double learning_rate;
  uint64_t seed;
  bool from_principal;  // start from the first two principal components, else from random numbers
};

struct TsneResult {
  std::vector<double> points;  // [rows, 2]
  double kl = 0;
  int64_t bad_row = kNoRow;  // nothing else is there when there is one
  int64_t diverged_at = -1;  // the iteration after which a coordinate was no usable number
};

// rows >= 4. `control` counts iterations. Stopped: nothing of use.
TsneResult tsne(const MatrixView& matrix, const TsneSpec& spec, unsigned threads, Control control);

}  // namespace querent
