// The plain types that the whole native side shares. The numeric codes are also those of bindings/native.d.ts.
#pragma once

#include <cstddef>
#include <cstdint>

namespace querent {

// u8 is for embeddings and images: kernels of predictions refuse it.
enum class Dtype : int { f32 = 0, f64 = 1, f16 = 2, bf16 = 3, u8 = 4 };
enum class Method : int { entropy = 0, margin = 1, least_confidence = 2 };
enum class From : int { probabilities = 0, logits = 1 };
enum class Kind : int { multiclass = 0, multilabel = 1 };
enum class Normalize : int { check = 0, divide = 1, none = 2 };
enum class Metric : int { euclidean = 0, cosine = 1 };

// One bit per measure of a committee or of MC-dropout passes.
enum Measure : uint32_t {
  kBald = 1,
  kPredictiveEntropy = 2,
  kExpectedEntropy = 4,
  kMeanStd = 8,
  kVariationRatio = 16,
  kMeanVariationRatio = 32,
  kVoteEntropy = 64,
  kMaxKl = 128,
};
inline constexpr int kMeasureCount = 8;

constexpr size_t dtype_bytes(Dtype dtype) {
  return dtype == Dtype::f64 ? 8 : dtype == Dtype::f32 ? 4 : dtype == Dtype::u8 ? 1 : 2;
}

// A row-major matrix that somebody else owns. Row r starts `r * stride` elements behind `data`;
// (rows - 1) * stride + cols elements may be read.
struct MatrixView {
  const void* data;
  Dtype dtype;
  size_t rows;
  size_t cols;
  size_t stride;
};

inline constexpr int64_t kNoRow = -1;

}  // namespace querent
