// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011): a random word is a
// function of (seed, stream, index), so that draws do not depend on threads, blocks or order.
#pragma once

#include <array>
#include <cstdint>

namespace querent {

enum class Stream : uint32_t {
  tie_break = 1,
  sample = 2,
  weighted_sample = 3,
  d2_sample = 4,
  configurations = 5,
  replay = 6,
  reservoir = 7,
  layout = 9,
};

using PhiloxWords = std::array<uint32_t, 4>;

constexpr PhiloxWords philox(uint64_t seed, PhiloxWords counter) {
  uint32_t key0 = uint32_t(seed);
  uint32_t key1 = uint32_t(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t product1 = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {uint32_t(product1 >> 32) ^ counter[1] ^ key0, uint32_t(product1),
               uint32_t(product0 >> 32) ^ counter[3] ^ key1, uint32_t(product0)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

constexpr PhiloxWords philox(uint64_t seed, Stream stream, uint64_t index, uint32_t attempt = 0) {
  return philox(seed, {uint32_t(index), uint32_t(index >> 32), uint32_t(stream), attempt});
}

}  // namespace querent
