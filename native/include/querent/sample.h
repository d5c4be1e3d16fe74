// Sampling without replacement, in draw order. A draw is a function of (seed, draw or row) only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace querent {

// k distinct numbers below n, uniformly: the first k steps of a Fisher-Yates shuffle, O(k) memory. k <= n < 2^32.
void sample_uniform(uint32_t n, uint32_t k, uint64_t seed, uint32_t* out);

// Successive draws with probability proportional to weight: the k smallest of -ln(u) / w (Efraimidis, Spirakis:
// Weighted random sampling with a reservoir. IPL 2006). Weight 0 is never drawn. Returns how many could be drawn, or
// -1 - i when weight i is negative or not finite.
int64_t sample_weighted(const double* weights, uint32_t n, uint32_t k, uint64_t seed, uint32_t* out);

}  // namespace querent
