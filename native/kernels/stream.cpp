// MC-dropout one pass at a time, in memory that does not grow with the number of passes.
#include "level_functions.h"
#include "pass_rows.h"
#include "scratch.h"

namespace querent::QUERENT_LEVEL {
// One more pass joins the state. With t passes so far, S <- S + t KL(m_old || m_new) + KL(p || m_new) keeps S the exact
// sum of the divergences from the mean so far (a running difference of entropies would go negative).
int64_t accumulate_pass(const PassesSpec& spec, const MatrixView& view, size_t begin, size_t end, size_t pass,
                        void* memory, const StreamState& state) {
  using S = Simd<double>;
  Bump bump(memory);
  const PassScratch scratch = PassScratch::lay_out(bump, 1, view.cols);
  const size_t cols = view.cols;
  const size_t step = pass_tile_rows(1, cols);
  const auto earlier = S::set(double(pass));
  const auto count = S::set(double(pass + 1));
  double* faults = scratch.faults;
  int64_t first_invalid = kNoRow;
  for (size_t row = begin; row < end; row += step) {
    const size_t n = end - row < step ? end - row : step;
    const size_t elements = n * cols;
    double* p = scratch.samples;
    load_rows<double>(view.data, view.dtype, row * view.stride, view.stride, n, cols,
                      reinterpret_cast<float*>(scratch.room), p);
    std::memset(p + elements, 0, kSlack * sizeof(double));
    if (spec.from == From::logits) softmax_rows(p, n, cols);
    std::memset(faults, 0, (n + kTileRows) * sizeof(double));
    for_tiles<double>(p, n, cols, SumAndSmallest<double>(), [&](size_t r, size_t rows, const Row<double>* sums) {
      count_faults<double>(spec, sums, rows, faults + r);
    });
    const auto is_valid = [&](size_t r) { return faults[r] == 0; };
    double* mean = scratch.mean;
    std::memcpy(mean, state.mean + row * cols, elements * sizeof(double));
    std::memset(mean + elements, 0, kSlack * sizeof(double));
    double* m2 = scratch.shares;
    double* terms = scratch.terms;
    for_vectors(elements, S::W, [&](size_t i) {
      const auto x = S::load(p + i);
      const auto old_mean = S::load(mean + i);
      const auto delta = x - old_mean;
      const auto new_mean = old_mean + delta / count;
      const auto divisor = S::select(S::lt(S::zero(), new_mean), new_mean, S::set(1.0));
      const auto moved = Math<double>::relative_entropy((old_mean - new_mean) / divisor, old_mean / divisor);
      const auto apart = Math<double>::relative_entropy((x - new_mean) / divisor, x / divisor);
      S::store(new_mean * S::fma(earlier, moved, apart), terms + i);
      S::store(delta * (x - new_mean), m2 + i);
      S::store(new_mean, mean + i);
    });
    std::memcpy(state.mean + row * cols, mean, elements * sizeof(double));
    if (state.kl != nullptr) {
      for_row_tiles<double>(terms, n, cols, Sum<double>(), [&](size_t r, const Row<double>* sums, size_t i) {
        state.kl[row + r] += is_valid(r) ? sums[0][i] : double(NAN);
      });
    }
    if (state.entropy != nullptr) {
      for_row_tiles<double>(p, n, cols, ProbabilityEntropy<double>(), [&](size_t r, const Row<double>* sums, size_t i) {
        double h = cols == 1 ? 0 : sums[0][i];
        if (spec.from == From::logits) h = entropy_from_logits(h, p + r * cols, cols);
        state.entropy[row + r] += is_valid(r) ? h : double(NAN);
      });
    }
    if (state.m2 != nullptr) {
      for (size_t i = 0; i < elements; ++i) state.m2[row * cols + i] += m2[i];
    }
    if (state.votes != nullptr) {
      for_row_tiles<double>(p, n, cols, Argmax<double>(), [&](size_t r, const Row<double>* best, size_t i) {
        ++state.votes[(row + r) * cols + size_t(best[1][i])];
      });
    }
    for (size_t r = 0; r < n; ++r) {
      if (is_valid(r)) continue;
      if (first_invalid == kNoRow) first_invalid = int64_t(row + r);
      for (size_t c = 0; c < cols; ++c) state.mean[(row + r) * cols + c] = double(NAN);
    }
  }
  return first_invalid;
}

}  // namespace querent::QUERENT_LEVEL
