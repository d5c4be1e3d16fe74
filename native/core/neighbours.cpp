#include "neighbours.h"

#include <querent/parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace querent {
namespace {

constexpr size_t kBlock = BoundPoints::kBlock;

struct Candidate {
  float bound;
  uint32_t row;
};

// The candidates for the nearest rows of one row: every row whose distance may be among the smallest.
struct Candidates {
  std::vector<Candidate> list;
  float limit = HUGE_VALF;
  size_t room = 0;
};

class Search {
 public:
  Search(const KernelTable& table, const PairRows& rows, size_t wanted, unsigned threads, Control control,
         const LookAtTile& look)
      : table_(table),
        rows_(rows),
        wanted_(wanted),
        control_(control),
        look_(look),
        frame_(table, rows, threads),
        bounds_(frame_, rows, BoundPoints::kBoth, threads) {}

  // The nearest rows of rows [first, first + kBlock).
  void block(size_t first, uint32_t* columns, double* distances) const {
    const size_t n = rows_.rows();
    const size_t count = std::min(kBlock, n - first);
    std::vector<float> tile(kBlock * kBlock);
    std::vector<Candidates> candidates(count);
    std::vector<double> most;
    uint32_t found[kBlock];
    for (Candidates& own : candidates) own.room = 2 * wanted_ + kBlock;
    for (size_t col = 0; col < n; col += kBlock) {
      if (control_.stopped()) return;
      const float largest = bounds_.tile(first, bounds_, col, kBlock, tile.data(), kBlock);
      if (col >= first && look_) look_(frame_, bounds_, first, col, largest, tile.data());
      const size_t width = std::min(kBlock, n - col);
      for (size_t i = 0; i < count; ++i) {
        Candidates& own = candidates[i];
        const float* line = tile.data() + i * kBlock;
        const size_t count_below = table_.collect_below(line, width, own.limit, found);
        for (size_t f = 0; f < count_below; ++f) own.list.push_back({line[found[f]], uint32_t(col + found[f])});
        if (own.list.size() > own.room) shrink(first + i, own, most);
      }
    }
    std::vector<double> x(rows_.cols());
    for (size_t i = 0; i < count; ++i) {
      shrink(first + i, candidates[i], most);
      rows_.widen(first + i, x.data());
      choose(first + i, x.data(), candidates[i].list, columns + i * wanted_, distances + i * wanted_);
    }
  }

 private:
  void shrink(size_t row, Candidates& own, std::vector<double>& most) const {
    if (own.list.size() <= wanted_) return;
    most.clear();
    const double gap = bounds_.gap(row);
    for (const Candidate& c : own.list) most.push_back(double(c.bound) + gap + bounds_.gap(c.row));
    const auto last = most.begin() + ptrdiff_t(wanted_) - 1;
    std::nth_element(most.begin(), last, most.end());
    own.limit = float_above(*last);
    std::erase_if(own.list, [&](const Candidate& c) { return c.bound > own.limit; });
    own.room = std::max(own.room, 2 * own.list.size());
  }

  // By exact distances.
  void choose(size_t row, const double* x, const std::vector<Candidate>& list, uint32_t* columns,
              double* distances) const {
    std::vector<uint32_t> others;
    std::vector<uint32_t> order;
    for (const Candidate& c : list) {
      order.push_back(uint32_t(others.size()));
      others.push_back(c.row);
    }
    std::vector<double> exact(others.size());
    rows_.distances(row, x, others.data(), others.size(), exact.data());
    const auto nearer = [&](uint32_t a, uint32_t b) {
      return exact[a] != exact[b] ? exact[a] < exact[b] : others[a] < others[b];
    };
    if (wanted_ < order.size()) {
      std::nth_element(order.begin(), order.begin() + ptrdiff_t(wanted_), order.end(), nearer);
    }
    for (size_t e = 0; e < wanted_; ++e) {
      columns[e] = others[order[e]];
      distances[e] = exact[order[e]];
    }
  }

  const KernelTable& table_;
  const PairRows& rows_;
  size_t wanted_;
  Control control_;
  const LookAtTile& look_;
  BoundFrame frame_;
  BoundPoints bounds_;
};

}  // namespace

void nearest_rows(const KernelTable& table, const PairRows& rows, size_t count, unsigned threads, Control control,
                  const LookAtTile& look, uint32_t* columns, double* distances) {
  const Search search(table, rows, count, threads, control, look);
  parallel_for((rows.rows() + kBlock - 1) / kBlock, threads, [&](size_t block) {
    const size_t first = block * kBlock;
    search.block(first, columns + first * count, distances + first * count);
  });
}

}  // namespace querent
