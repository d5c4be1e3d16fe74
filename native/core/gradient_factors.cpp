#include "gradient_factors.h"

#include <querent/dispatch.h>
#include <querent/parallel.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "../kernels/tables.h"
#include "lowest.h"

namespace querent {
namespace {

constexpr size_t kBlockRows = 256;

size_t predicted(const double* row, size_t cols) {
  size_t best = 0;
  for (size_t c = 1; c < cols; ++c) {
    if (row[c] > row[best]) best = c;
  }
  return best;
}

bool from_probabilities(const double* p, size_t cols, const Predictions& predictions, float* out) {
  double sum = 0;
  for (size_t c = 0; c < cols; ++c) {
    if (!std::isfinite(p[c]) || p[c] < 0) return false;
    sum += p[c];
  }
  double divisor = 1;
  if (predictions.normalize == Normalize::check && !(std::fabs(sum - 1) <= predictions.tolerance)) return false;
  if (predictions.normalize == Normalize::divide) {
    if (!(sum > 0) || std::isinf(sum)) return false;
    divisor = sum;
  }
  const size_t best = predicted(p, cols);
  for (size_t c = 0; c < cols; ++c) out[c] = float(p[c] / divisor);
  out[best] = float(p[best] / divisor - 1);
  return true;
}

bool from_logits(double* z, size_t cols, const KernelTable& table, float* out) {
  for (size_t c = 0; c < cols; ++c) {
    if (!(z[c] < HUGE_VAL)) return false;
  }
  const size_t best = predicted(z, cols);
  const double most = z[best];
  if (most == -HUGE_VAL) return false;
  for (size_t c = 0; c < cols; ++c) z[c] -= most;
  table.exp_f64(z, z, cols);
  double sum = 0;
  double rest = 0;
  for (size_t c = 0; c < cols; ++c) {
    sum += z[c];
    if (c != best) rest += z[c];
  }
  for (size_t c = 0; c < cols; ++c) out[c] = float(z[c] / sum);
  out[best] = float(-(rest / sum));
  return true;
}

}  // namespace

int64_t gradient_factors(const Predictions& predictions, unsigned threads, float* out) {
  const MatrixView& view = predictions.view;
  const KernelTable& table = current_level();
  const size_t cols = view.cols;
  std::atomic<int64_t> bad{kNoRow};
  parallel_for((view.rows + kBlockRows - 1) / kBlockRows, threads, [&](size_t block) {
    auto* wide = static_cast<double*>(thread_scratch(cols * (sizeof(double) + 2 * sizeof(float))));
    auto* narrow = reinterpret_cast<float*>(wide + cols);
    float* zero = narrow + cols;
    std::fill(zero, zero + cols, 0.0f);
    const size_t end = std::min(view.rows, (block + 1) * kBlockRows);
    for (size_t r = block * kBlockRows; r < end; ++r) {
      const void* row = static_cast<const char*>(view.data) + r * view.stride * dtype_bytes(view.dtype);
      if (view.dtype == Dtype::f64) {
        std::copy_n(static_cast<const double*>(row), cols, wide);
      } else {
        table.row_to_floats(row, view.dtype, cols, zero, 1, narrow);
        std::copy_n(narrow, cols, wide);
      }
      const bool good = predictions.from == From::logits ? from_logits(wide, cols, table, out + r * cols)
                                                         : from_probabilities(wide, cols, predictions, out + r * cols);
      if (good) continue;
      note_lowest(bad, int64_t(r));
      return;
    }
  });
  return bad.load();
}

}  // namespace querent
