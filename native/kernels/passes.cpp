// Disagreement of T predictions per sample: MC-dropout passes or the members of a committee, [T, N, C].
//
// BALD is the mean over passes of KL(pass || mean) in its generalised form, sum of p ln(p/m) - p + m = m phi(p/m - 1)
// with phi(u) = (1 + u) ln(1 + u) - u. Every term is >= 0, so passes that agree give exactly 0, where the textbook
// difference of two entropies is rounding noise. The mean is kept in f64 and subtracted as a rounded part and the rest,
// so that u is right to f32 precision however close the passes are. Logits are turned into f64 probabilities first: an
// f32 softmax would already have lost the difference between passes.
#include "level_functions.h"
#include "pass_rows.h"
#include "scratch.h"

namespace querent::QUERENT_LEVEL {
namespace {

// p / m - 1 = (p - high) * inverse - low_share, where m = high + low: high is m rounded to T, low what that lost (0 for
// double). A class whose mean is below kLeastMean counts as absent; its share of any result is below that, too.
template <class T>
struct MeanParts {
  T* high;
  T* inverse;
  T* low_share;
};
constexpr double kLeastMean = 0x1p-100;

template <class T>
void split_mean(const double* mean, size_t elements, MeanParts<T> parts) {
  for (size_t i = 0; i < elements; ++i) {
    const double m = mean[i] < kLeastMean ? 0 : mean[i];
    const T high = T(m);
    const T inverse = high > 0 ? T(1) / high : T(0);
    parts.high[i] = high;
    parts.inverse[i] = inverse;
    parts.low_share[i] = T((m - double(high)) * double(inverse));
  }
}

// phi(p / m - 1) of W elements from position i.
template <class T>
QUERENT_INLINE typename Simd<T>::V divergence_from_mean(const T* p, MeanParts<T> parts, size_t i) {
  using S = Simd<T>;
  const auto x = S::load(p + i);
  const auto inverse = S::load(parts.inverse + i);
  const auto u = S::fma(x - S::load(parts.high + i), inverse, S::neg(S::load(parts.low_share + i)));
  return Math<T>::relative_entropy(u, x * inverse);
}

template <class T>
void mean_over_passes(const T* first, size_t pass_stride, size_t passes, size_t elements, double* mean) {
  using S = Simd<double>;
  const auto count = S::set(double(passes));
  constexpr size_t kRun = 4;
  for (size_t i = 0; i < elements; i += kRun * S::W) {
    typename S::V acc[kRun];
    for (auto& a : acc) a = S::zero();
    for (size_t t = 0; t < passes; ++t) {
      const T* p = first + t * pass_stride + i;
      for (size_t j = 0; j < kRun; ++j) acc[j] = acc[j] + S::load_as(p + j * S::W);
    }
    for (size_t j = 0; j < kRun; ++j) S::store(acc[j] / count, mean + i + j * S::W);
  }
}

// terms[i] = m * mean over passes of phi(u); sums run over 16 passes, then over such sums, to stay exact for large T.
template <class T>
void bald_terms(const T* first, size_t pass_stride, size_t passes, size_t elements, MeanParts<T> parts, T* terms) {
  using S = Simd<T>;
  const auto count = S::set(T(passes));
  for_vectors(elements, S::W, [&](size_t i) {
    auto total = S::zero();
    for (size_t t = 0; t < passes; t += 16) {
      auto part = S::zero();
      for (size_t s = t; s < passes && s < t + 16; ++s) {
        const T* p = first + s * pass_stride;
        __builtin_prefetch(p + elements + i, 0, 2);  // the next tile, while this one keeps the arithmetic busy
        part = part + divergence_from_mean<T>(p, parts, i);
      }
      total = total + part;
    }
    S::store(total * S::load(parts.high + i) / count, terms + i);
  });
}

template <class T>
void std_terms(const T* first, size_t pass_stride, size_t passes, size_t elements, const double* mean, T* terms) {
  using S = Simd<T>;
  alignas(64) T high[S::W];
  alignas(64) T low[S::W];
  const auto count = S::set(T(passes));
  for_vectors(elements, S::W, [&](size_t i) {
    for (size_t j = 0; j < S::W; ++j) {
      high[j] = T(mean[i + j]);
      low[j] = T(mean[i + j] - double(high[j]));
    }
    auto total = S::zero();
    for (size_t t = 0; t < passes; t += 16) {
      auto part = S::zero();
      for (size_t s = t; s < passes && s < t + 16; ++s) {
        const auto d = (S::load(first + s * pass_stride + i) - S::load(high)) - S::load(low);
        part = S::fma(d, d, part);
      }
      total = total + part;
    }
    S::store(S::sqrt(total / count), terms + i);
  });
}

template <class T>
void kl_terms(const T* p, size_t elements, MeanParts<T> parts, T* terms) {
  using S = Simd<T>;
  for_vectors(elements, S::W, [&](size_t i) {
    const auto phi = divergence_from_mean<T>(p, parts, i);
    S::store(phi * S::load(parts.high + i), terms + i);
  });
}

void vote_shares(const uint32_t* votes, size_t elements, double members, double* shares) {
  for (size_t i = 0; i < elements; ++i) shares[i] = double(votes[i]) / members;
}

struct PassTile {
  size_t rows;
  size_t cols;
  size_t passes;
  size_t pass_stride;
};

// The results of one tile, in f64, laid out [measure bit][n].
struct TileResults {
  double* rows;
  size_t stride;
  double* of(uint32_t bit) const { return rows + size_t(__builtin_ctz(bit)) * stride; }
};

template <class T>
void reduce_tile(const PassesSpec& spec, const PassTile& tile, const T* first, const PassScratch& scratch,
                 const TileResults& results) {
  const size_t n = tile.rows;
  const size_t cols = tile.cols;
  const size_t elements = n * cols;
  const uint32_t wanted = spec.measures;
  T* terms = reinterpret_cast<T*>(scratch.terms);
  const MeanParts<T> parts{reinterpret_cast<T*>(scratch.high), reinterpret_cast<T*>(scratch.inverse),
                           reinterpret_cast<T*>(scratch.low_share)};
  T* faults = reinterpret_cast<T*>(scratch.faults);
  std::memset(faults, 0, (n + kTileRows) * sizeof(T));
  const bool with_entropy = wanted & kExpectedEntropy;
  const bool with_votes = wanted & (kVariationRatio | kVoteEntropy);
  double* entropy = results.of(kExpectedEntropy);
  double* mode = results.of(kVariationRatio);
  if (with_entropy) std::memset(entropy, 0, n * sizeof(double));
  if (with_votes) {
    std::memset(mode, 0, n * sizeof(double));
    std::memset(scratch.votes, 0, elements * sizeof(uint32_t));
  }
  for (size_t t = 0; t < tile.passes; ++t) {
    const T* p = first + t * tile.pass_stride;
    if (t + 1 < tile.passes) {
      for (size_t i = 0; i < elements; i += 64 / sizeof(T)) __builtin_prefetch(p + tile.pass_stride + i, 0, 2);
    }
    if (with_entropy) {
      for_row_tiles<T>(p, n, cols, ProbabilityEntropy<T>(), [&](size_t row, const Row<T>* pass, size_t r) {
        double h = cols == 1 ? 0 : double(pass[0][r]);
        if constexpr (sizeof(T) == 8) {
          if (spec.from == From::logits) h = entropy_from_logits(h, p + row * cols, cols);
        }
        entropy[row] += h;
      });
    }
    for_tiles<T>(p, n, cols, SumAndSmallest<T>(),
                 [&](size_t row, size_t rows, const Row<T>* pass) { count_faults<T>(spec, pass, rows, faults + row); });
    if (with_votes) {
      for_row_tiles<T>(p, n, cols, Argmax<T>(), [&](size_t row, const Row<T>* pass, size_t r) {
        const uint32_t count = ++scratch.votes[row * cols + size_t(pass[1][r])];
        if (double(count) > mode[row]) mode[row] = double(count);
      });
    }
  }
  const double passes = double(tile.passes);
  if (with_entropy) {
    for (size_t r = 0; r < n; ++r) entropy[r] /= passes;
  }
  if (wanted & kVoteEntropy) {
    double* out = results.of(kVoteEntropy);
    vote_shares(scratch.votes, elements, passes, scratch.shares);
    for_row_tiles<double>(scratch.shares, n, cols, ProbabilityEntropy<double>(),
                          [&](size_t row, const Row<double>* pass, size_t r) { out[row] = pass[0][r]; });
  }
  if (wanted & kVariationRatio) {
    for (size_t r = 0; r < n; ++r) mode[r] = (passes - mode[r]) / passes;
  }
  if (!(wanted & (kBald | kPredictiveEntropy | kMeanStd | kMeanVariationRatio | kMaxKl))) return;
  mean_over_passes<T>(first, tile.pass_stride, tile.passes, elements, scratch.mean);
  if (wanted & kPredictiveEntropy) {
    double* out = results.of(kPredictiveEntropy);
    for_row_tiles<double>(
        scratch.mean, n, cols, ProbabilityEntropy<double>(), [&](size_t row, const Row<double>* pass, size_t r) {
          const double h = cols == 1 ? 0 : pass[0][r];
          out[row] = spec.from == From::logits ? entropy_from_logits(h, scratch.mean + row * cols, cols) : h;
        });
  }
  if (wanted & kMeanVariationRatio) {
    double* out = results.of(kMeanVariationRatio);
    for_row_tiles<double>(scratch.mean, n, cols, Max<double>(), [&](size_t row, const Row<double>* pass, size_t r) {
      const double* mean = scratch.mean + row * cols;
      out[row] = spec.from == From::logits ? rest_of(mean, cols, first_largest(mean, cols)) : 1 - pass[0][r];
    });
  }
  if (wanted & kMeanStd) {
    double* out = results.of(kMeanStd);
    std_terms<T>(first, tile.pass_stride, tile.passes, elements, scratch.mean, terms);
    for_row_tiles<T>(terms, n, cols, Sum<T>(),
                     [&](size_t row, const Row<T>* pass, size_t r) { out[row] = double(pass[0][r]) / double(cols); });
  }
  if (!(wanted & (kBald | kMaxKl))) return;
  split_mean<T>(scratch.mean, (elements + Simd<T>::W - 1) / Simd<T>::W * Simd<T>::W, parts);
  if (wanted & kBald) {
    double* out = results.of(kBald);
    bald_terms<T>(first, tile.pass_stride, tile.passes, elements, parts, terms);
    for_row_tiles<T>(terms, n, cols, Sum<T>(),
                     [&](size_t row, const Row<T>* pass, size_t r) { out[row] = double(pass[0][r]); });
  }
  if (wanted & kMaxKl) {
    double* out = results.of(kMaxKl);
    std::memset(out, 0, n * sizeof(double));
    for (size_t t = 0; t < tile.passes; ++t) {
      kl_terms<T>(first + t * tile.pass_stride, elements, parts, terms);
      for_row_tiles<T>(terms, n, cols, Sum<T>(), [&](size_t row, const Row<T>* pass, size_t r) {
        if (double(pass[0][r]) > out[row]) out[row] = double(pass[0][r]);
      });
    }
  }
}

// Passes as T: in place when the dtype fits and nothing behind the data would be read, else converted into scratch.
template <class T>
const T* take_passes(const PassesSpec& spec, const PassesView& view, size_t row, size_t n, const PassScratch& scratch,
                     size_t* pass_stride) {
  const size_t plane = view.rows * view.cols;
  const size_t at = row * view.cols;
  const bool same = view.dtype == (sizeof(T) == 4 ? Dtype::f32 : Dtype::f64);
  const size_t whole_tiles = (n + kTileRows - 1) / kTileRows * kTileRows;
  if (same && spec.from == From::probabilities && at + whole_tiles * view.cols + kSlack <= plane) {
    *pass_stride = plane;
    return static_cast<const T*>(view.data) + at;
  }
  T* samples = reinterpret_cast<T*>(scratch.samples);
  *pass_stride = scratch.pass_stride;
  for (size_t t = 0; t < view.passes; ++t) {
    T* to = samples + t * scratch.pass_stride;
    load_rows<T>(view.data, view.dtype, t * plane + at, view.cols, n, view.cols, reinterpret_cast<float*>(scratch.room),
                 to);
    std::memset(to + n * view.cols, 0, kSlack * sizeof(T));
    if constexpr (sizeof(T) == 8) {
      if (spec.from == From::logits) softmax_rows(to, n, view.cols);
    }
  }
  return samples;
}

template <class T>
int64_t reduce_all(const PassesSpec& spec, const PassesView& view, size_t begin, size_t end, void* memory,
                   void* const* outs) {
  Bump bump(memory);
  const PassScratch scratch = PassScratch::lay_out(bump, view.passes, view.cols);
  const size_t step = pass_tile_rows(view.passes, view.cols);
  const T* faults = reinterpret_cast<const T*>(scratch.faults);
  int64_t first_invalid = kNoRow;
  for (size_t row = begin; row < end; row += step) {
    const size_t n = end - row < step ? end - row : step;
    PassTile tile{n, view.cols, view.passes, 0};
    const T* first = take_passes<T>(spec, view, row, n, scratch, &tile.pass_stride);
    const TileResults results{scratch.rows, step};
    reduce_tile<T>(spec, tile, first, scratch, results);
    for (size_t r = 0; r < n && first_invalid == kNoRow; ++r) {
      if (faults[r] != 0) first_invalid = int64_t(row + r);
    }
    size_t slot = 0;
    for (uint32_t bit = 1; bit < (1u << kMeasureCount); bit <<= 1) {
      if (!(spec.measures & bit)) continue;
      const double* from = results.of(bit);
      const size_t at = row - begin;
      for (size_t r = 0; r < n; ++r) {
        const double value = faults[r] == 0 ? from[r] : double(NAN);
        if (view.dtype == Dtype::f64) {
          static_cast<double*>(outs[slot])[at + r] = value;
        } else {
          static_cast<float*>(outs[slot])[at + r] = float(value);
        }
      }
      ++slot;
    }
  }
  return first_invalid;
}

}  // namespace

int64_t reduce_passes(const PassesSpec& spec, const PassesView& view, size_t begin, size_t end, void* scratch,
                      void* const* outs) {
  if (view.dtype == Dtype::f64 || spec.from == From::logits) {
    return reduce_all<double>(spec, view, begin, end, scratch, outs);
  }
  return reduce_all<float>(spec, view, begin, end, scratch, outs);
}

}  // namespace querent::QUERENT_LEVEL
