// BatchBALD: greedy batches by the joint mutual information of their labels and the model's parameters (Kirsch, van
// Amersfoort, Gal: BatchBALD: Efficient and diverse batch acquisition for deep Bayesian active learning. NeurIPS 2019).
#pragma once

#include <vector>

#include "control.h"
#include "top_k.h"
#include "types.h"

namespace querent {

struct PassesSpec;
struct PassesView;

struct BatchBaldOptions {
  size_t k;
  size_t samples;  // configurations of the picked rows at most; beyond it they are sampled
  uint64_t seed;
  Excluded excluded;  // rows that are not looked at
  unsigned threads;
};

struct BatchBaldPicks {
  std::vector<uint32_t> indices;
  std::vector<double>
      scores;                 // joint mutual information up to each pick, in nats; infinite where wrong sums overflowed
  std::vector<double> gains;  // what each pick adds
  int64_t bad_row = kNoRow;   // the lowest unusable row; then nothing is picked
  size_t evaluations = 0;     // joint entropies that were computed, for the tests of laziness
};

// min(k, eligible) picks; fewer when stopped. Gains within kEqualGains of the best count as equal to it, and the lowest
// row wins.
inline constexpr double kEqualGains = 1e-11;
BatchBaldPicks batch_bald(const PassesSpec& spec, const PassesView& view, const BatchBaldOptions& options,
                          const Control& control);

}  // namespace querent
