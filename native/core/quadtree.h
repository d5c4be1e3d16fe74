// Points of the plane in a tree of squares, for forces that many points together exert from afar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../kernels/tables.h"

namespace querent {

// Points and the sums of faraway points that act on a group.
struct Sources {
  double* x;
  double* y;
  double* mass;
  size_t count;
};

// Points are put in the order of a Z-curve over a grid of 2^16 x 2^16; groups are kLayoutLanes of them in a row.
class Quadtree {
 public:
  // points [n, 2], finite.
  void build(const double* points, size_t n);

  size_t groups() const { return (order_.size() + kLayoutLanes - 1) / kLayoutLanes; }
  // The point at a place of the order.
  uint32_t point(size_t place) const { return order_[place]; }
  // Coordinates in that order, up to whole groups (the last point is repeated).
  const double* x() const { return x_.data(); }
  const double* y() const { return y_.data(); }

  // A square is taken as one where its side is less than `theta` times the distance of its centre of mass to the box
  // around the group, and none of the group is in it. More points in one cell of the grid than a leaf takes are always
  // one. Every point counts once, those of the group themselves too. `out` has room for as many as there are points.
  void sources(size_t group, double theta, Sources& out) const;

 private:
  struct Node {
    double x, y;  // centre of mass
    double mass;
    double side;
    uint32_t begin, end;  // places of its points
    uint32_t next;        // the node after it and all below it
    bool is_leaf;
  };
  struct Sums {
    double x, y;
  };

  void sort(const double* points, size_t n);
  Sums add(size_t begin, size_t end);
  bool is_one(const Node& node) const;

  double cell_ = 0;
  std::vector<uint32_t> order_;
  std::vector<uint32_t> codes_;
  std::vector<double> x_;
  std::vector<double> y_;
  std::vector<Node> nodes_;  // depth first
  std::vector<uint64_t> keys_;
  std::vector<uint64_t> other_keys_;
};

}  // namespace querent
