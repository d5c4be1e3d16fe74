// Acquisition scores of rows of probabilities or logits. Definitions and numerics:
//   entropy            H = -sum p ln p;            from logits log1p(S') - T / (1 + S')
//   margin             (1 - p1) + p2;              from logits (S' + e^z2) / (1 + S')
//   least confidence   1 - p1;                     from logits S' / (1 + S')
// with z = x - max, S' = sum of e^z and T = sum of z e^z over all classes but one of the largest. Leaving that one out
// keeps full relative accuracy for confident rows, where 1 - p1 and ln S would cancel to nothing.
#include "level_functions.h"
#include "score_ops.h"

namespace querent::QUERENT_LEVEL {
namespace {

template <class T>
QUERENT_INLINE void put_scores(T* scores, size_t r, typename Simd<T>::M valid, typename Simd<T>::V score) {
  using S = Simd<T>;
  S::store(S::select(valid, score, S::set(T(NAN))), scores + r);
}

// Replaces the results of the rows that `suspect(pass, row)` asks for. It almost never does.
template <class T, class Op, class Suspect>
QUERENT_INLINE void run_again(const Op& op, const Tile<T>& tile, Row<T>* pass, Suspect suspect) {
  using S = Simd<T>;
  auto found = S::lt(S::zero(), S::zero());
  for (size_t r = 0; r < tile.rows; r += S::W) found = S::either(found, suspect(pass, r));
  if (__builtin_expect(!S::any(found), 1)) return;
  alignas(64) T asked[kTileRows];
  uint32_t rows = 0;
  for (size_t r = 0; r < tile.rows; r += S::W) S::store(S::zero_unless(suspect(pass, r), S::set(T(1))), asked + r);
  for (size_t r = 0; r < tile.rows; ++r) rows |= uint32_t(asked[r] != 0) << r;
  Row<T> exact[Op::K];
  run_pass<T>(op, tile, exact, rows);
  for (size_t r = 0; r < tile.rows; ++r) {
    for (size_t k = 0; k < Op::K; ++k) pass[k][r] = asked[r] != 0 ? exact[k][r] : pass[k][r];
  }
}

// The smallest element of each row, worked out only where the tile holds a negative one; else 0.
template <class T, class Op>
QUERENT_INLINE void smallest_of_rows(const Op& op, const Tile<T>& tile, Row<T>& smallest) {
  using S = Simd<T>;
  if (__builtin_expect(!S::any(S::lt(op.least, S::zero())), 1)) {
    std::memset(smallest, 0, sizeof(Row<T>));
    return;
  }
  Row<T> pass[SumAndSmallest<T>::K] = {};
  run_pass<T>(SumAndSmallest<T>(), tile, pass);
  std::memcpy(smallest, pass[1], sizeof(Row<T>));
}

template <class T>
void score_probabilities(const ScoreSpec& spec, const Tile<T>& tile, T* scores) {
  using S = Simd<T>;
  Row<T> smallest;
  if (spec.method == Method::entropy) {
    Row<T> pass[2];
    const auto op = run_pass<T>(ProbabilityEntropy<T, false>(), tile, pass);
    smallest_of_rows<T>(op, tile, smallest);
    run_again<T>(ProbabilityEntropy<T>(), tile, pass, [](const Row<T>* p, size_t r) {
      const auto h = S::load(p[0] + r);
      return S::both(S::lt(S::zero(), h), S::lt(h, S::set(kSuspectEntropy<T>)));
    });
    for (size_t r = 0; r < tile.rows; r += S::W) {
      const auto valid = sum_is_valid<T>(spec.normalize, spec.tolerance, S::load(pass[1] + r), S::load(smallest + r));
      put_scores<T>(scores, r, valid, tile.cols == 1 ? S::zero() : S::load(pass[0] + r));
    }
    return;
  }
  Row<T> pass[ProbabilityTop<T>::K];
  const auto op = run_pass<T>(ProbabilityTop<T>(), tile, pass);
  smallest_of_rows<T>(op, tile, smallest);
  for (size_t r = 0; r < tile.rows; r += S::W) {
    const auto valid = sum_is_valid<T>(spec.normalize, spec.tolerance, S::load(pass[1] + r), S::load(smallest + r));
    const auto rest = S::set(T(1)) - S::load(pass[0] + r);
    put_scores<T>(scores, r, valid, spec.method == Method::margin ? rest + S::load(pass[2] + r) : rest);
  }
}

template <class T>
void score_divided(const ScoreSpec& spec, const Tile<T>& tile, T* scores) {
  using S = Simd<T>;
  const auto one = S::set(T(1));
  Row<T> top[ProbabilityTop<T>::K];
  const auto top_op = run_pass<T>(ProbabilityTop<T>(), tile, top);
  Row<T> smallest;
  smallest_of_rows<T>(top_op, tile, smallest);
  Row<T> rest_pass[RestSum<T>::K];
  run_pass<T>(RestSum<T>{top[0]}, tile, rest_pass);
  alignas(64) T total[kTileRows];
  for (size_t r = 0; r < tile.rows; r += S::W) {
    const auto largest = S::load(top[0] + r);
    const auto rest = S::fma(S::load(rest_pass[1] + r) - one, largest, S::load(rest_pass[0] + r));
    S::store(rest, rest_pass[0] + r);
    S::store(largest + rest, total + r);
  }
  Row<T> entropy[1];
  if (spec.method == Method::entropy) run_pass<T>(RestEntropy<T>{top[0], total}, tile, entropy);
  for (size_t r = 0; r < tile.rows; r += S::W) {
    const auto sum = S::load(total + r);
    const auto plain_sum = S::load(top[1] + r);
    const auto valid =
        S::both(S::both(S::le(S::zero(), S::load(smallest + r)), S::lt(S::zero(), sum)), finite<T>(plain_sum));
    const auto share = S::load(rest_pass[0] + r) / sum;
    const auto largest = S::load(top[0] + r) / sum;
    auto score = share;
    if (spec.method == Method::margin) score = share + S::load(top[2] + r) / sum;
    if (spec.method == Method::entropy) {
      const auto log_largest = Math<T>::log(largest);
      const auto log_top = S::select(S::lt(share, S::set(T(0.5))), log1p<T>(S::neg(share)), log_largest);
      score = S::fnma(largest, log_top, S::load(entropy[0] + r));
      score = S::fnma((S::load(rest_pass[1] + r) - one) * largest, log_largest, score);
    }
    put_scores<T>(scores, r, valid, score);
  }
}

template <class T>
void score_logits(const ScoreSpec& spec, const Tile<T>& tile, T* scores) {
  using S = Simd<T>;
  const auto one = S::set(T(1));
  Row<T> top[2];
  if (spec.method == Method::margin) {
    run_pass<T>(LogitTop<T>(), tile, top);
  } else {
    run_pass<T>(Max<T>(), tile, top);
  }
  Row<T> pass[3];
  run_pass<T>(LogitSums<T, false>{top[0]}, tile, pass, kAllRows, tile_bytes(tile));
  run_again<T>(LogitSums<T, true>{top[0]}, tile, pass, [&](const Row<T>* p, size_t r) {
    return S::lt(S::load(p[0] + r) + (S::load(p[2] + r) - one), S::set(Constants<T>::tiny_sum));
  });
  for (size_t r = 0; r < tile.rows; r += S::W) {
    const auto rest = S::load(pass[0] + r) + (S::load(pass[2] + r) - one);
    const auto weighted = S::load(pass[1] + r);
    const auto total = one + rest;
    auto score = rest / total;
    if (spec.method == Method::entropy) score = log1p<T>(rest) - weighted / total;
    if (spec.method == Method::margin) {
      const auto first = S::load(top[0] + r);
      const auto second = S::load(top[1] + r);
      const auto z = second - first;
      auto e = Math<T>::exp(S::max(S::set(Constants<T>::floor_z), z));
      e = S::fma(e, difference_error<T>(second, first, z), e);
      score = (rest + e) / total;
    }
    put_scores<T>(scores, r, S::eq(weighted, weighted), score);
  }
}

template <class T, Method M>
void score_labels(const ScoreSpec& spec, const Tile<T>& tile, T* scores) {
  using S = Simd<T>;
  // a label's margin is 2 min(p, 1 - p), its least confidence min(p, 1 - p)
  const auto cols = S::set(T(tile.cols));
  const auto scale = S::set(spec.method == Method::margin ? T(2) : T(1));
  if (spec.from == From::probabilities) {
    Row<T> pass[3];
    run_pass<T>(BinaryProbability<T, M>(), tile, pass);
    for (size_t r = 0; r < tile.rows; r += S::W) {
      const auto sum = S::load(pass[0] + r);
      const auto inside = S::both(S::le(S::zero(), S::load(pass[1] + r)), S::le(S::load(pass[2] + r), S::set(T(1))));
      put_scores<T>(scores, r, S::both(inside, S::eq(sum, sum)), scale * sum / cols);
    }
  } else {
    Row<T> pass[2];
    run_pass<T>(BinaryLogit<T, M>(), tile, pass);
    for (size_t r = 0; r < tile.rows; r += S::W) {
      const auto sum = S::load(pass[0] + r);
      const auto inside = S::le(S::load(pass[1] + r), S::set(Constants<T>::largest));
      put_scores<T>(scores, r, S::both(inside, S::eq(sum, sum)), scale * sum / cols);
    }
  }
}

template <class T>
void score_tile(const ScoreSpec& spec, const Tile<T>& tile, T* scores) {
  if (spec.kind == Kind::multilabel) {
    if (spec.method == Method::entropy) {
      score_labels<T, Method::entropy>(spec, tile, scores);
    } else {
      score_labels<T, Method::margin>(spec, tile, scores);
    }
  } else if (spec.from == From::logits) {
    score_logits<T>(spec, tile, scores);
  } else if (spec.normalize == Normalize::divide) {
    score_divided<T>(spec, tile, scores);
  } else {
    score_probabilities<T>(spec, tile, scores);
  }
}

// first + the place of the first NaN, or kNoRow. `scores` has whole vectors readable.
template <class T>
QUERENT_INLINE int64_t first_nan(const T* scores, size_t n, int64_t first) {
  using S = Simd<T>;
  auto all_numbers = S::eq(S::zero(), S::zero());
  for (size_t r = 0; r < n; r += S::W) {
    const auto x = S::load_first(scores + r, n - r < S::W ? n - r : S::W, S::zero());
    all_numbers = S::both(all_numbers, S::eq(x, x));
  }
  if (S::all(all_numbers)) return kNoRow;
  for (size_t r = 0; r < n; ++r) {
    if (scores[r] != scores[r]) return first + int64_t(r);
  }
  return kNoRow;
}

template <class T>
int64_t score_all(const ScoreSpec& spec, const MatrixView& view, size_t begin, size_t end, void* scratch, void* out) {
  T* room = static_cast<T*>(scratch);
  T* scores = static_cast<T*>(out);
  const size_t step = tile_rows(view.cols);
  int64_t first_invalid = kNoRow;
  for (size_t row = begin; row < end; row += step) {
    const size_t n = end - row < step ? end - row : step;
    const Tile<T> tile = take_tile<T>(view, row, n, room);
    if (tile.base != room && tile.cols <= kVerticalCols) {
      const char* ahead = reinterpret_cast<const char*>(tile.base) + kPrefetchBytes;
      for (size_t b = 0; b < kTileRows * tile.stride * sizeof(T); b += 64) __builtin_prefetch(ahead + b);
    }
    alignas(64) T tile_scores[kTileRows];
    score_tile<T>(spec, tile, tile_scores);
    std::memcpy(scores + (row - begin), tile_scores, n * sizeof(T));
    if (first_invalid == kNoRow) first_invalid = first_nan<T>(tile_scores, n, int64_t(row));
  }
  return first_invalid;
}

}  // namespace

int64_t score_rows(const ScoreSpec& spec, const MatrixView& view, size_t begin, size_t end, void* scratch, void* out) {
  if (view.dtype == Dtype::f64) return score_all<double>(spec, view, begin, end, scratch, out);
  return score_all<float>(spec, view, begin, end, scratch, out);
}

}  // namespace querent::QUERENT_LEVEL
