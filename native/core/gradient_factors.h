// The class side of gradient embeddings: what the loss's gradient by the last layer's weights is an outer product of.
#pragma once

#include <querent/select.h>

namespace querent {

// out [N, C]: probability minus the one-hot of the predicted class (the lowest index of the largest), in f32. From
// logits, the predicted class's entry is minus the sum of the others, so that confident rows keep their digits.
// Returns the lowest unusable row, or kNoRow.
int64_t gradient_factors(const Predictions& predictions, unsigned threads, float* out);

}  // namespace querent
