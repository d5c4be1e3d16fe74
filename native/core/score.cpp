#include <querent/dispatch.h>
#include <querent/parallel.h>
#include <querent/score.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "../kernels/scratch.h"
#include "../kernels/tables.h"
#include "lowest.h"

namespace querent {

size_t score_scratch_bytes(const MatrixView& view) {
  const size_t rows = view.cols <= kVerticalCols ? kTileRows : tile_rows(view.cols);
  return (rows * padded_cols(view.cols) + kSlack) * sizeof(double);
}

size_t passes_scratch_bytes(const PassesSpec&, const PassesView& view) {
  Bump bump(nullptr);
  PassScratch::lay_out(bump, view.passes, view.cols);
  return bump.used();
}

size_t accumulate_scratch_bytes(const MatrixView& view) {
  Bump bump(nullptr);
  PassScratch::lay_out(bump, 1, view.cols);
  return bump.used();
}

namespace {

// Rows of one unit of work: about 256 kB of input, whole tiles. Depends on the shape only.
size_t block_rows(size_t row_bytes) {
  const size_t rows = (size_t{256} << 10) / std::max<size_t>(row_bytes, 1) / kTileRows * kTileRows;
  return std::clamp<size_t>(rows, kTileRows, 4096);
}

void convert(const void* from, bool from_double, size_t n, void* to, bool to_double) {
  if (from_double && !to_double) {
    for (size_t i = 0; i < n; ++i) static_cast<float*>(to)[i] = float(static_cast<const double*>(from)[i]);
  } else {
    for (size_t i = 0; i < n; ++i) static_cast<double*>(to)[i] = double(static_cast<const float*>(from)[i]);
  }
}

void* at(ScoresOut out, size_t i) {
  return static_cast<char*>(out.data) + i * (out.is_double ? sizeof(double) : sizeof(float));
}

}  // namespace

int64_t score_matrix(const ScoreSpec& spec, const MatrixView& view, unsigned threads, ScoresOut out) {
  const KernelTable& table = current_level();
  note_level(table);
  if (view.rows == 0) return kNoRow;
  const size_t step = block_rows(view.cols * dtype_bytes(view.dtype));
  const size_t scratch_bytes = score_scratch_bytes(view);
  const bool computes_double = view.dtype == Dtype::f64;
  std::atomic<int64_t> invalid{kNoRow};
  parallel_for((view.rows + step - 1) / step, threads, [&](size_t block) {
    const size_t begin = block * step;
    const size_t end = std::min(view.rows, begin + step);
    char* scratch = static_cast<char*>(thread_scratch(scratch_bytes + step * sizeof(double)));
    void* room = scratch + step * sizeof(double);
    if (computes_double == out.is_double) {
      note_lowest(invalid, table.score_rows(spec, view, begin, end, room, at(out, begin)));
    } else {
      note_lowest(invalid, table.score_rows(spec, view, begin, end, room, scratch));
      convert(scratch, computes_double, end - begin, at(out, begin), out.is_double);
    }
  });
  return invalid.load();
}

int64_t score_into_top_k(const ScoreSpec& spec, const MatrixView& view, unsigned threads, uint32_t offset,
                         Excluded excluded, TopK& top, size_t k, TieBreak tie_break, uint64_t seed) {
  const KernelTable& table = current_level();
  note_level(table);
  if (view.rows == 0) return kNoRow;
  const size_t step = block_rows(view.cols * dtype_bytes(view.dtype));
  const size_t scratch_bytes = score_scratch_bytes(view);
  std::atomic<int64_t> invalid{kNoRow};
  const size_t blocks = (view.rows + step - 1) / step;
  const unsigned runs = unsigned(std::min<size_t>(threads == 0 ? hardware_threads() : threads, blocks));
  std::atomic<size_t> next{0};
  std::mutex merging;
  parallel_for(runs, runs, [&](size_t) {
    TopK own(k, tie_break, seed);
    for (size_t block = next.fetch_add(1); block < blocks; block = next.fetch_add(1)) {
      const size_t begin = block * step;
      const size_t end = std::min(view.rows, begin + step);
      char* scratch = static_cast<char*>(thread_scratch(scratch_bytes + step * sizeof(double)));
      note_lowest(invalid, table.score_rows(spec, view, begin, end, scratch + step * sizeof(double), scratch));
      if (view.dtype == Dtype::f64) {
        own.add(reinterpret_cast<double*>(scratch), end - begin, offset + uint32_t(begin), excluded);
      } else {
        own.add(reinterpret_cast<float*>(scratch), end - begin, offset + uint32_t(begin), excluded);
      }
    }
    const std::lock_guard lock(merging);
    top.merge(own);
  });
  return invalid.load();
}

namespace {

template <class T>
void add_scores(const T* scores, size_t n, unsigned threads, uint32_t offset, Excluded excluded, TopK& top, size_t k,
                TieBreak tie_break, uint64_t seed) {
  note_level(current_level());
  constexpr size_t kLeast = 262144;  // below this a thread costs more than it saves
  const size_t most = std::max<size_t>(1, n / kLeast);
  const unsigned runs = unsigned(std::min<size_t>(threads == 0 ? hardware_threads() : threads, most));
  if (runs <= 1) {
    top.add(scores, n, offset, excluded);
    return;
  }
  std::mutex merging;
  parallel_for(runs, runs, [&](size_t run) {
    const size_t begin = n * run / runs;
    const size_t end = n * (run + 1) / runs;
    TopK own(k, tie_break, seed);
    own.add(scores + begin, end - begin, offset + uint32_t(begin), excluded);
    const std::lock_guard lock(merging);
    top.merge(own);
  });
}

}  // namespace

void scores_into_top_k(const float* scores, size_t n, unsigned threads, uint32_t offset, Excluded excluded, TopK& top,
                       size_t k, TieBreak tie_break, uint64_t seed) {
  add_scores(scores, n, threads, offset, excluded, top, k, tie_break, seed);
}

void scores_into_top_k(const double* scores, size_t n, unsigned threads, uint32_t offset, Excluded excluded, TopK& top,
                       size_t k, TieBreak tie_break, uint64_t seed) {
  add_scores(scores, n, threads, offset, excluded, top, k, tie_break, seed);
}

int64_t reduce_samples(const PassesSpec& spec, const PassesView& view, size_t begin, size_t end, unsigned threads,
                       const ScoresOut* outs) {
  const KernelTable& table = current_level();
  note_level(table);
  if (begin >= end) return kNoRow;
  const size_t tile = pass_tile_rows(view.passes, view.cols);
  const size_t wanted = block_rows(view.passes * view.cols * dtype_bytes(view.dtype));
  const size_t step = (wanted + tile - 1) / tile * tile;
  const bool computes_double = view.dtype == Dtype::f64;
  const size_t scratch_bytes = passes_scratch_bytes(spec, view);
  const int count = __builtin_popcount(spec.measures);
  std::atomic<int64_t> invalid{kNoRow};
  parallel_for((end - begin + step - 1) / step, threads, [&](size_t block) {
    const size_t first = begin + block * step;
    const size_t last = std::min(end, first + step);
    const size_t result_bytes = (step * sizeof(double) + 63) / 64 * 64;
    char* scratch = static_cast<char*>(thread_scratch(scratch_bytes + result_bytes * kMeasureCount));
    void* results[kMeasureCount];
    for (int i = 0; i < count; ++i) results[i] = scratch + size_t(i) * result_bytes;
    note_lowest(invalid, table.reduce_passes(spec, view, first, last, scratch + result_bytes * kMeasureCount, results));
    for (int i = 0; i < count; ++i) {
      void* to = at(outs[i], first - begin);
      if (computes_double == outs[i].is_double) {
        std::copy_n(static_cast<char*>(results[i]), (last - first) * (computes_double ? 8 : 4), static_cast<char*>(to));
      } else {
        convert(results[i], computes_double, last - first, to, outs[i].is_double);
      }
    }
  });
  return invalid.load();
}

int64_t accumulate_samples(const PassesSpec& spec, const MatrixView& view, size_t pass, unsigned threads,
                           const StreamState& state) {
  const KernelTable& table = current_level();
  note_level(table);
  if (view.rows == 0) return kNoRow;
  const size_t step = pass_tile_rows(1, view.cols) * 4;
  const size_t scratch_bytes = accumulate_scratch_bytes(view);
  std::atomic<int64_t> invalid{kNoRow};
  parallel_for((view.rows + step - 1) / step, threads, [&](size_t block) {
    const size_t begin = block * step;
    const size_t end = std::min(view.rows, begin + step);
    note_lowest(invalid, table.accumulate_pass(spec, view, begin, end, pass, thread_scratch(scratch_bytes), state));
  });
  return invalid.load();
}

}  // namespace querent
