// Acquisition scores of whole matrices, on several threads. Higher = ask first.
#pragma once

#include "top_k.h"
#include "types.h"

namespace querent {

struct ScoreSpec;
struct PassesSpec;
struct PassesView;
struct StreamState;

// Where results go: float or double.
struct ScoresOut {
  void* data;
  bool is_double;
};

// Scores every row. An invalid row gets NaN. Returns the lowest invalid row, or kNoRow.
int64_t score_matrix(const ScoreSpec& spec, const MatrixView& view, unsigned threads, ScoresOut out);

// Scores every row block by block and keeps the best; row r counts as offset + r.
int64_t score_into_top_k(const ScoreSpec& spec, const MatrixView& view, unsigned threads, uint32_t offset,
                         Excluded excluded, TopK& top, size_t k, TieBreak tie_break, uint64_t seed);

// The best k of a score array.
void scores_into_top_k(const float* scores, size_t n, unsigned threads, uint32_t offset, Excluded excluded, TopK& top,
                       size_t k, TieBreak tie_break, uint64_t seed);
void scores_into_top_k(const double* scores, size_t n, unsigned threads, uint32_t offset, Excluded excluded, TopK& top,
                       size_t k, TieBreak tie_break, uint64_t seed);

// Rows [begin, end) of samples [T, N, C]; outs: one per set bit of spec.measures, of end - begin results each.
// Returns the lowest invalid row (absolute), or kNoRow.
int64_t reduce_samples(const PassesSpec& spec, const PassesView& view, size_t begin, size_t end, unsigned threads,
                       const ScoresOut* outs);

int64_t accumulate_samples(const PassesSpec& spec, const MatrixView& view, size_t pass, unsigned threads,
                           const StreamState& state);

// Vote entropy in nats of votes [L, N] (an integer array), rows [begin, end) into out[0 ..]. Returns the flat position
// of the lowest vote outside 0 .. cols - 1, or kNoRow.
template <class Vote>
int64_t vote_entropy(const Vote* votes, size_t members, size_t rows, size_t cols, size_t begin, size_t end,
                     unsigned threads, ScoresOut out);

}  // namespace querent
