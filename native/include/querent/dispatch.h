// CPU levels: which this binary holds, which this machine can run, and which one is in use.
#pragma once

#include <string_view>
#include <vector>

namespace querent {

struct KernelTable;

// Levels this machine can run, best first; the last is always "scalar".
const std::vector<const KernelTable*>& available_levels();

// The level in use. The first call takes the best, or what QUERENT_LEVEL names when that is available.
const KernelTable& current_level();

// "auto" takes the best. False, changing nothing, when the level is not available.
bool set_level(std::string_view name);

// The level that the most recent kernel call of the process ran at, "" before the first.
const char* last_level();
void note_level(const KernelTable& table);

}  // namespace querent
