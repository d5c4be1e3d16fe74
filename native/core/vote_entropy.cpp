// Vote entropy (Dagan, Engelson: Committee-based sampling for training probabilistic classifiers. ICML 1995) of integer
// votes: counts are small, so -(h/L) ln(h/L) is looked up and no logarithm is taken per sample.
#include <querent/dispatch.h>
#include <querent/parallel.h>
#include <querent/score.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "../kernels/tables.h"

namespace querent {

template <class Vote>
int64_t vote_entropy(const Vote* votes, size_t members, size_t rows, size_t cols, size_t begin, size_t end,
                     unsigned threads, ScoresOut out) {
  const KernelTable& table = current_level();
  note_level(table);
  std::vector<double> shares(members + 1);
  for (size_t h = 0; h <= members; ++h) shares[h] = double(h) / double(members);
  std::vector<double> terms(members + 1);
  table.log_f64(shares.data(), terms.data(), members + 1);
  terms[0] = 0;
  for (size_t h = 1; h <= members; ++h) terms[h] *= -shares[h];

  const size_t step = std::clamp<size_t>((size_t{1} << 20) / cols, 1, 1024);
  std::atomic<int64_t> bad{kNoRow};
  parallel_for((end - begin + step - 1) / step, threads, [&](size_t block) {
    const size_t first = begin + block * step;
    const size_t n = std::min(step, end - first);
    // counts[r * cols + c]
    std::vector<uint32_t> counts(n * cols);
    std::vector<double> sums(n);
    for (size_t l = 0; l < members; ++l) {
      const Vote* p = votes + l * rows + first;
      for (size_t r = 0; r < n; ++r) {
        const auto vote = uint64_t(p[r]);  // a negative vote becomes huge
        if (vote >= cols) {
          const auto position = int64_t(l * rows + first + r);
          int64_t seen = bad.load();
          while ((seen == kNoRow || position < seen) && !bad.compare_exchange_weak(seen, position)) {
          }
          return;
        }
        ++counts[r * cols + vote];
      }
    }
    for (size_t r = 0; r < n; ++r) {
      double sum = 0;
      for (size_t c = 0; c < cols; ++c) sum += terms[counts[r * cols + c]];
      sums[r] = sum;
    }
    for (size_t r = 0; r < n; ++r) {
      const size_t i = first - begin + r;
      if (out.is_double) {
        static_cast<double*>(out.data)[i] = sums[r];
      } else {
        static_cast<float*>(out.data)[i] = float(sums[r]);
      }
    }
  });
  return bad.load();
}

#define QUERENT_INSTANTIATE(Vote) \
  template int64_t vote_entropy<Vote>(const Vote*, size_t, size_t, size_t, size_t, size_t, unsigned, ScoresOut);
QUERENT_INSTANTIATE(uint8_t)
QUERENT_INSTANTIATE(int8_t)
QUERENT_INSTANTIATE(uint16_t)
QUERENT_INSTANTIATE(int16_t)
QUERENT_INSTANTIATE(uint32_t)
QUERENT_INSTANTIATE(int32_t)
#undef QUERENT_INSTANTIATE

}  // namespace querent
