// Joint entropies of a batch that is being built and one more row, for BatchBALD.
//
// A configuration m is one assignment of classes to the rows picked so far, with probability q_m = mean_t prod p_t.
// What is kept of it is the share that each pass has in q_m, weight_t = prod p_t / sum_t prod p_t: these never
// underflow, however many rows are picked. A candidate with p_t(c) then has class c with probability r_m(c) = sum_t
// weight_t p_t(c) under m, and the chain rule of entropy leaves sum_m share_m sum_c -r ln r to compute: no N x M x C
// array, and no sums of many tiny joint probabilities.
#include "level_functions.h"
#include "pass_rows.h"
#include "scratch.h"

namespace querent::QUERENT_LEVEL {
namespace {

using S = Simd<double>;
using V = S::V;

constexpr size_t kVectors = S::W == 1 ? 4 : S::W == 2 ? 4 : 2;  // of configurations, held at a time
constexpr size_t kSpan = kVectors * S::W;
constexpr size_t kClasses = 5;  // held at a time: with kVectors, what fits the registers
static_assert(kJointLanes % kSpan == 0);

// h <- h + sum of -r ln r over `Classes` classes. A loop over classes outside and passes inside, with all r in
// registers.
template <size_t Classes>
QUERENT_INLINE void add_classes(const double* weights, const double* p, size_t passes, size_t cols, V* h) {
  V r[Classes][kVectors];
#pragma GCC unroll 5
  for (size_t c = 0; c < Classes; ++c) {
#pragma GCC unroll 4
    for (size_t v = 0; v < kVectors; ++v) r[c][v] = S::zero();
  }
  for (size_t t = 0; t < passes; ++t) {
    V w[kVectors];
#pragma GCC unroll 4
    for (size_t v = 0; v < kVectors; ++v) w[v] = S::load(weights + t * kJointLanes + v * S::W);
#pragma GCC unroll 5
    for (size_t c = 0; c < Classes; ++c) {
      const V x = S::set(p[t * cols + c]);
#pragma GCC unroll 4
      for (size_t v = 0; v < kVectors; ++v) r[c][v] = S::fma(w[v], x, r[c][v]);
    }
  }
#pragma GCC unroll 5
  for (size_t c = 0; c < Classes; ++c) {
#pragma GCC unroll 4
    for (size_t v = 0; v < kVectors; ++v) h[v] = S::fnma(r[c][v], Math<double>::log(r[c][v]), h[v]);
  }
}

// The rounding of 16-bit rows shows in their sums, and the entropy of the batch would multiply it.
bool divides(const PassesSpec& spec, Dtype dtype) {
  if (spec.from == From::logits || spec.normalize == Normalize::none) return false;
  return spec.normalize == Normalize::divide || dtype_bytes(dtype) == 2;
}

// Row `row` of all passes as f64 probabilities [T, C]; true when every pass is a distribution. The buffer behind them
// is zeroed as far as whole tiles reach.
bool take_candidate(const PassesSpec& spec, const PassesView& view, size_t row, const CandidateScratch& scratch,
                    double* probs, double* sums) {
  const size_t passes = view.passes;
  const size_t cols = view.cols;
  for (size_t t = 0; t < passes; ++t) {
    load_rows<double>(view.data, view.dtype, (t * view.rows + row) * cols, cols, 1, cols,
                      reinterpret_cast<float*>(scratch.room), probs + t * cols);
  }
  const size_t used = passes * cols;
  std::memset(probs + used, 0, (candidate_elements(passes, cols) - used) * sizeof(double));
  if (spec.from == From::logits) softmax_rows(probs, passes, cols);
  bool valid = true;
  for_row_tiles<double>(
      probs, passes, cols, SumAndSmallest<double>(), [&](size_t t, const Row<double>* pass, size_t r) {
        const double sum = pass[0][r];
        const double off = sum - 1;
        const bool in_reach = spec.normalize != Normalize::check || (off < 0 ? -off : off) <= spec.tolerance;
        valid &= pass[1][r] >= 0 && sum - sum == 0 && in_reach;
        sums[t] = sum;
      });
  if (!divides(spec, view.dtype)) return valid;
  for (size_t t = 0; t < passes; ++t) {
    if (!(sums[t] > 0)) return false;
    for (size_t c = 0; c < cols; ++c) probs[t * cols + c] /= sums[t];
    sums[t] = 1;
  }
  return valid;
}

// -sum of p ln p of n numbers, which are overwritten.
double entropy_of(double* p, size_t n) {
  for_vectors(n, S::W, [&](size_t i) {
    const V x = S::load(p + i);
    S::store(x * Math<double>::log(x), p + i);
  });
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += p[i];
  return -sum;
}

}  // namespace

void load_candidate(const PassesSpec& spec, const PassesView& view, size_t row, void* memory, double* probs,
                    double* sums) {
  Bump bump(memory);
  take_candidate(spec, view, row, CandidateScratch::lay_out(bump, view.passes, view.cols), probs, sums);
}

bool measure_candidate(const PassesSpec& spec, const PassesView& view, size_t row, void* memory,
                       CandidateMeasures* measures) {
  Bump bump(memory);
  const CandidateScratch scratch = CandidateScratch::lay_out(bump, view.passes, view.cols);
  const size_t passes = view.passes;
  const size_t cols = view.cols;
  if (!take_candidate(spec, view, row, scratch, scratch.probs, scratch.sums)) return false;
  double expected = 0;
  for_row_tiles<double>(scratch.probs, passes, cols, ProbabilityEntropy<double>(),
                        [&](size_t, const Row<double>* pass, size_t r) { expected += pass[0][r]; });
  double* mean = scratch.mean;
  std::memset(mean, 0, candidate_elements(1, cols) * sizeof(double));
  for (size_t t = 0; t < passes; ++t) {
    for (size_t c = 0; c < cols; ++c) mean[c] += scratch.probs[t * cols + c];
  }
  for (size_t c = 0; c < cols; ++c) mean[c] /= double(passes);
  double sum_error = 0;
  for (size_t t = 0; t < passes; ++t) {
    const double off = scratch.sums[t] - 1;
    const double size = off < 0 ? -off : off;
    sum_error = size > sum_error ? size : sum_error;
  }
  measures->expected_entropy = expected / double(passes);
  measures->entropy_of_mean = entropy_of(mean, cols);
  measures->sum_error = sum_error;
  return true;
}

void joint_entropies(const JointView& joint, size_t begin, size_t end, const double* probs, size_t cols,
                     double* lanes) {
  for (size_t group = begin; group < end; ++group) {
    const double* weights = joint.weights + group * joint.passes * kJointLanes;
    const double* share = joint.share + group * kJointLanes;
    double* sums = lanes + group * kJointLanes % kVirtualLanes;
    for (size_t part = 0; part < kJointLanes; part += kSpan) {
      V h[kVectors];
      for (auto& x : h) x = S::zero();
      const double* w = weights + part;
      size_t c = 0;
      for (; c + kClasses <= cols; c += kClasses) add_classes<kClasses>(w, probs + c, joint.passes, cols, h);
      switch (cols - c) {
        case 1:
          add_classes<1>(w, probs + c, joint.passes, cols, h);
          break;
        case 2:
          add_classes<2>(w, probs + c, joint.passes, cols, h);
          break;
        case 3:
          add_classes<3>(w, probs + c, joint.passes, cols, h);
          break;
        case 4:
          add_classes<4>(w, probs + c, joint.passes, cols, h);
          break;
        default:
          break;
      }
      for (size_t v = 0; v < kVectors; ++v) {
        double* at = sums + part + v * S::W;
        S::store(S::fma(S::load(share + part + v * S::W), h[v], S::load(at)), at);
      }
    }
  }
}

}  // namespace querent::QUERENT_LEVEL
