#include "quadtree.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace querent {
namespace {

constexpr size_t kLeafPoints = 8;
constexpr double kCells = 65536;        // of the grid, along a side
constexpr double kLeastWidth = 1e-200;  // below, all points are in one cell

// Bit i of a 16-bit number becomes bit 2 i.
uint32_t spread(uint32_t x) {
  x = (x | x << 8) & 0x00ff00ffu;
  x = (x | x << 4) & 0x0f0f0f0fu;
  x = (x | x << 2) & 0x33333333u;
  return (x | x << 1) & 0x55555555u;
}

uint32_t cell_of(double offset, double scale) {
  return uint32_t(std::min(offset * scale, kCells - 1));
}

// By the upper 32 bits, equal ones in the order in which they are.
void radix_sort(std::vector<uint64_t>& keys, std::vector<uint64_t>& room) {
  constexpr unsigned kBits = 11;
  constexpr size_t kBuckets = size_t{1} << kBits;
  room.resize(keys.size());
  for (unsigned shift = 32; shift < 64; shift += kBits) {
    size_t starts[kBuckets + 1] = {};
    for (const uint64_t key : keys) ++starts[(key >> shift) % kBuckets + 1];
    for (size_t b = 0; b < kBuckets; ++b) starts[b + 1] += starts[b];
    for (const uint64_t key : keys) room[starts[(key >> shift) % kBuckets]++] = key;
    keys.swap(room);
  }
}

}  // namespace

void Quadtree::build(const double* points, size_t n) {
  sort(points, n);
  nodes_.clear();
  if (n > 0) add(0, n);
}

void Quadtree::sort(const double* points, size_t n) {
  double low[2] = {HUGE_VAL, HUGE_VAL};
  double high[2] = {-HUGE_VAL, -HUGE_VAL};
  for (size_t i = 0; i < n; ++i) {
    for (size_t d = 0; d < 2; ++d) {
      low[d] = std::min(low[d], points[2 * i + d]);
      high[d] = std::max(high[d], points[2 * i + d]);
    }
  }
  const double width = std::max(high[0] - low[0], high[1] - low[1]);
  cell_ = width / kCells;
  const double scale = width > kLeastWidth ? kCells / width : 0;
  keys_.resize(n);
  for (size_t i = 0; i < n; ++i) {
    const uint32_t code =
        spread(cell_of(points[2 * i] - low[0], scale)) | spread(cell_of(points[2 * i + 1] - low[1], scale)) << 1;
    keys_[i] = uint64_t{code} << 32 | uint64_t(i);
  }
  radix_sort(keys_, other_keys_);
  order_.resize(n);
  codes_.resize(n);
  const size_t padded = groups() * kLayoutLanes;
  x_.resize(padded);
  y_.resize(padded);
  for (size_t place = 0; place < padded; ++place) {
    const uint64_t key = keys_[std::min(place, n - 1)];
    const size_t i = uint32_t(key);
    x_[place] = points[2 * i];
    y_[place] = points[2 * i + 1];
    if (place >= n) continue;
    order_[place] = uint32_t(i);
    codes_[place] = uint32_t(key >> 32);
  }
}

// The smallest square that holds the points at [begin, end); depth is at most 16, as every level tells codes apart.
Quadtree::Sums Quadtree::add(size_t begin, size_t end) {
  const uint32_t difference = codes_[begin] ^ codes_[end - 1];
  const size_t count = end - begin;
  const size_t at = nodes_.size();
  nodes_.emplace_back();
  Sums sums{};
  // the pair of bits that tells its quarters apart
  const int pair = difference == 0 ? -1 : (31 - std::countl_zero(difference)) / 2;
  const bool is_leaf = count <= kLeafPoints || difference == 0;
  if (is_leaf) {
    for (size_t place = begin; place < end; ++place) {
      sums.x += x_[place];
      sums.y += y_[place];
    }
  } else {
    for (size_t first = begin; first < end;) {
      const uint32_t quarter = codes_[first] >> 2 * pair;
      const auto last = std::upper_bound(codes_.begin() + ptrdiff_t(first), codes_.begin() + ptrdiff_t(end), quarter,
                                         [&](uint32_t q, uint32_t code) { return q < code >> 2 * pair; });
      const auto next = size_t(last - codes_.begin());
      const Sums part = add(first, next);
      sums.x += part.x;
      sums.y += part.y;
      first = next;
    }
  }
  const double mass = double(count);
  nodes_[at] = {sums.x / mass, sums.y / mass,           mass,   std::ldexp(cell_, pair + 1), uint32_t(begin),
                uint32_t(end), uint32_t(nodes_.size()), is_leaf};
  return sums;
}

bool Quadtree::is_one(const Node& node) const {
  return node.end - node.begin > kLeafPoints && codes_[node.begin] == codes_[node.end - 1];
}

void Quadtree::sources(size_t group, double theta, Sources& out) const {
  const size_t begin = group * kLayoutLanes;
  const size_t end = std::min(order_.size(), begin + kLayoutLanes);
  double low[2] = {x_[begin], y_[begin]};
  double high[2] = {x_[begin], y_[begin]};
  for (size_t place = begin + 1; place < end; ++place) {
    low[0] = std::min(low[0], x_[place]);
    low[1] = std::min(low[1], y_[place]);
    high[0] = std::max(high[0], x_[place]);
    high[1] = std::max(high[1], y_[place]);
  }
  const double squared = theta * theta;
  size_t count = 0;
  for (size_t i = 0; i < nodes_.size();) {
    const Node& node = nodes_[i];
    const double dx = std::max(0.0, std::max(low[0] - node.x, node.x - high[0]));
    const double dy = std::max(0.0, std::max(low[1] - node.y, node.y - high[1]));
    const bool is_far =
        node.side * node.side < squared * (dx * dx + dy * dy) && (node.end <= begin || node.begin >= end);
    if (is_far || (node.is_leaf && is_one(node))) {
      out.x[count] = node.x;
      out.y[count] = node.y;
      out.mass[count++] = node.mass;
      i = node.next;
    } else if (node.is_leaf) {
      for (size_t place = node.begin; place < node.end; ++place) {
        out.x[count] = x_[place];
        out.y[count] = y_[place];
        out.mass[count++] = 1;
      }
      i = node.next;
    } else {
      ++i;
    }
  }
  out.count = count;
}

}  // namespace querent
