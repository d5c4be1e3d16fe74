#include "remaining.h"

#include <algorithm>

#include "nearest.h"

namespace querent {

bool add_centres(Nearest& nearest, RowList centres, const Control& control) {
  for (size_t at = 0; at < centres.count; at += Nearest::kMostCentres) {
    const size_t count = std::min(Nearest::kMostCentres, centres.count - at);
    if (!nearest.add(centres.rows + at, count, control)) return false;
  }
  return true;
}

void take_lowest_remaining(size_t rows, RowList excluded, size_t k, std::vector<uint32_t>& picks) {
  std::vector<bool> taken(rows, false);
  for (size_t i = 0; i < excluded.count; ++i) taken[excluded.rows[i]] = true;
  for (const uint32_t row : picks) taken[row] = true;
  for (size_t row = 0; row < rows && picks.size() < k; ++row) {
    if (!taken[row]) picks.push_back(uint32_t(row));
  }
}

}  // namespace querent
