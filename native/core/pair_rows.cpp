#include "pair_rows.h"

#include <querent/parallel.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "lowest.h"

namespace querent {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kBlockRows = 64;

bool usable(const double* x, size_t n) {
  size_t bad = 0;
  for (size_t i = 0; i < n; ++i) bad += !(std::fabs(x[i]) <= kLargestElement);
  return bad == 0;
}

}  // namespace

template <class T>
LargeArray<T>::LargeArray(size_t count) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(count, sizeof(T), &bytes) || bytes > SIZE_MAX - kHugePage) throw std::bad_alloc();
  const size_t boundary = bytes >= kHugePage ? kHugePage : 64;
  bytes = (bytes / boundary + 1) * boundary;
  data_.reset(static_cast<T*>(std::aligned_alloc(boundary, bytes)));
  if (data_ == nullptr) throw std::bad_alloc();
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (boundary == kHugePage) madvise(data_.get(), bytes, MADV_HUGEPAGE);
#endif
}

template <class T>
void LargeArray<T>::Release::operator()(T* p) const {
  std::free(p);
}

template class LargeArray<float>;
template class LargeArray<double>;
template class LargeArray<uint32_t>;

PairRows::PairRows(const KernelTable& table, const MatrixView& matrix, Metric metric, unsigned threads)
    : table_(&table), view_(matrix), metric_(metric) {
  const size_t rows = matrix.rows;
  const size_t cols = matrix.cols;
  const bool copies = matrix.dtype != Dtype::f32 && matrix.dtype != Dtype::f64;
  if (copies) {
    size_t elements = 0;
    if (__builtin_mul_overflow(rows, cols, &elements)) throw std::bad_alloc();
    copy_ = LargeArray<float>(elements);
  }
  if (metric == Metric::cosine) lengths_.resize(rows);
  std::atomic<int64_t> bad{kNoRow};
  parallel_for((rows + kBlockRows - 1) / kBlockRows, threads, [&](size_t block) {
    std::vector<double> x(cols);
    const MatrixView one{x.data(), Dtype::f64, 1, cols, cols};
    const uint32_t first = 0;
    for (size_t row = block * kBlockRows; row < std::min(rows, (block + 1) * kBlockRows); ++row) {
      table.rows_as_f64(matrix, row, row + 1, x.data());
      if (copies) std::copy(x.begin(), x.end(), copy_.data() + row * cols);
      bool is_good = usable(x.data(), cols);
      if (metric == Metric::cosine) {
        double square = 0;
        table.pair_list_sums(true, x.data(), one, &first, 1, &square);
        lengths_[row] = std::sqrt(square);
        is_good = is_good && square > 0;
      }
      if (!is_good) note_lowest(bad, int64_t(row));
    }
  });
  bad_row_ = bad.load();
  if (copies) view_ = {copy_.data(), Dtype::f32, rows, cols, cols};
}

void PairRows::pack(size_t row, double* panel) const {
  std::vector<double> x(cols());
  for (size_t j = 0; j < kPairPanel; ++j) {
    if (j == 0 || row + j < rows()) widen(row + j, x.data());
    for (size_t c = 0; c < x.size(); ++c) panel[c * kPairPanel + j] = x[c];
  }
}

void PairRows::distances(size_t row, const double* x, const uint32_t* others, size_t count, double* out) const {
  const bool is_cosine = metric_ == Metric::cosine;
  table_->pair_list_sums(is_cosine, x, view_, others, count, out);
  if (!is_cosine) return;
  for (size_t i = 0; i < count; ++i) {
    out[i] = others[i] == row ? 0 : cosine_distance(out[i], lengths_[row], lengths_[others[i]]);
  }
}

}  // namespace querent
