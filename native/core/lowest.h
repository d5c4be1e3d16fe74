// The lowest of the positions that parallel blocks come upon.
#pragma once

#include <querent/types.h>

#include <atomic>

namespace querent {

inline void note_lowest(std::atomic<int64_t>& lowest, int64_t position) {
  if (position == kNoRow) return;
  int64_t seen = lowest.load();
  while ((seen == kNoRow || position < seen) && !lowest.compare_exchange_weak(seen, position)) {
  }
}

}  // namespace querent
