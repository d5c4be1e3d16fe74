// What the selection algorithms share.
#pragma once

#include <querent/control.h>
#include <querent/select.h>

namespace querent {

class Nearest;

// Centres of any number. False when stopped.
bool add_centres(Nearest& nearest, RowList centres, const Control& control);

// Fills picks up to k with the lowest rows that are neither excluded nor picked: what is left when every row coincides
// with a centre.
void take_lowest_remaining(size_t rows, RowList excluded, size_t k, std::vector<uint32_t>& picks);

}  // namespace querent
