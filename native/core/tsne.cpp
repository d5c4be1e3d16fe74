// t-SNE (van der Maaten, Hinton 2008), with all pairs or by Barnes-Hut (van der Maaten 2014). Every sum has a fixed
// order, so that the layout is the same bits at every level and with any number of threads.
#include <querent/dispatch.h>
#include <querent/parallel.h>
#include <querent/philox.h>
#include <querent/tsne.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>

#include "affinities.h"
#include "pair_rows.h"
#include "principal.h"
#include "quadtree.h"

namespace querent {
namespace {

constexpr size_t kExaggerated = 250;  // iterations, at most half of all
constexpr double kStartSpread = 1e-4;
constexpr double kFlat = 1e-8;      // a second component below this share of the first is rounding
constexpr double kFarthest = 1e50;  // squares of coordinates stay finite

// What acts on every point: the attraction, the repulsion before it is divided by `total`, and that.
struct Forces {
  std::vector<double> pull;  // [N, 2]
  std::vector<double> push;  // [N, 2]
  std::vector<double> sums;  // [N] of the closeness to all others
  double total = 0;

  explicit Forces(size_t n) : pull(2 * n), push(2 * n), sums(n) {}
  void add_up() {
    total = 0;
    for (const double sum : sums) total += sum;
  }
};

class Field {
 public:
  virtual ~Field() = default;
  virtual void act(const double* points, Forces& out) = 0;
  // The sum of p (ln p + ln(1 + d²)) over the pairs of one point.
  virtual double divergence(const double* points, size_t row) const = 0;
};

// Sum of p (ln p + ln(1 + d²)) over some neighbours.
class Divergence {
 public:
  explicit Divergence(const KernelTable& table) : table_(table) {}
  void add(double p, double dx, double dy) {
    if (!(p > 0)) return;
    p_.push_back(p);
    apart_.push_back(1 + (dx * dx + dy * dy));
  }
  double sum() {
    logs_.resize(p_.size());
    table_.log_f64(p_.data(), logs_.data(), p_.size());
    table_.log_f64(apart_.data(), apart_.data(), p_.size());
    double sum = 0;
    for (size_t e = 0; e < p_.size(); ++e) sum += p_[e] * (logs_[e] + apart_[e]);
    return sum;
  }

 private:
  const KernelTable& table_;
  std::vector<double> p_;
  std::vector<double> apart_;
  std::vector<double> logs_;
};

// All pairs.
class ExactField final : public Field {
 public:
  ExactField(const KernelTable& table, const PairRows& rows, double perplexity, unsigned threads, Control control)
      : table_(table),
        n_(rows.rows()),
        threads_(threads),
        affinities_(dense_affinities(table, rows, perplexity, threads, control)),
        x_(groups() * kLayoutLanes),
        y_(groups() * kLayoutLanes) {}

  void act(const double* points, Forces& out) override {
    for (size_t i = 0; i < n_; ++i) {
      x_[i] = points[2 * i];
      y_[i] = points[2 * i + 1];
    }
    parallel_for(groups(), threads_, [&](size_t group) {
      const size_t first = group * kLayoutLanes;
      LayoutForces forces;
      table_.layout_all_pairs(x_.data(), y_.data(), first, affinities_.data() + first * n_, n_, &forces);
      for (size_t l = 0; l < std::min(kLayoutLanes, n_ - first); ++l) {
        const size_t i = first + l;
        out.pull[2 * i] = forces.pull_x[l];
        out.pull[2 * i + 1] = forces.pull_y[l];
        out.push[2 * i] = forces.push_x[l];
        out.push[2 * i + 1] = forces.push_y[l];
        out.sums[i] = forces.sum[l] - 1;  // without itself
      }
    });
    out.add_up();
  }

  double divergence(const double* points, size_t row) const override {
    Divergence divergence(table_);
    const double* own = affinities_.data() + row / kLayoutLanes * kLayoutLanes * n_ + row % kLayoutLanes;
    for (size_t j = 0; j < n_; ++j) {
      divergence.add(own[j * kLayoutLanes], points[2 * row] - points[2 * j], points[2 * row + 1] - points[2 * j + 1]);
    }
    return divergence.sum();
  }

 private:
  size_t groups() const { return (n_ + kLayoutLanes - 1) / kLayoutLanes; }

  const KernelTable& table_;
  size_t n_;
  unsigned threads_;
  LargeArray<double> affinities_;
  std::vector<double> x_;
  std::vector<double> y_;
};

// Attraction by the nearest neighbours, repulsion by a tree.
class TreeField final : public Field {
 public:
  TreeField(const KernelTable& table, const PairRows& rows, double perplexity, double theta, unsigned threads,
            Control control)
      : table_(table),
        n_(rows.rows()),
        theta_(theta),
        threads_(threads),
        affinities_(sparse_affinities(table, rows, perplexity, threads, control)) {}

  void act(const double* points, Forces& out) override {
    tree_.build(points, n_);
    const size_t group_blocks = (tree_.groups() + kGroupsOfBlock - 1) / kGroupsOfBlock;
    const size_t row_blocks = (n_ + kRowsOfBlock - 1) / kRowsOfBlock;
    parallel_for(group_blocks + row_blocks, threads_, [&](size_t block) {
      if (block < group_blocks) {
        push(block * kGroupsOfBlock, out);
        return;
      }
      const size_t first = (block - group_blocks) * kRowsOfBlock;
      for (size_t row = first; row < std::min(n_, first + kRowsOfBlock); ++row) {
        const size_t begin = affinities_.starts[row];
        table_.layout_attraction(points, row, affinities_.columns.data() + begin, affinities_.values.data() + begin,
                                 affinities_.starts[row + 1] - begin, out.pull.data() + 2 * row);
      }
    });
    out.add_up();
  }

  double divergence(const double* points, size_t row) const override {
    Divergence divergence(table_);
    for (size_t e = affinities_.starts[row]; e < affinities_.starts[row + 1]; ++e) {
      const size_t j = affinities_.columns[e];
      divergence.add(affinities_.values[e], points[2 * row] - points[2 * j], points[2 * row + 1] - points[2 * j + 1]);
    }
    return divergence.sum();
  }

 private:
  static constexpr size_t kGroupsOfBlock = 8;
  static constexpr size_t kRowsOfBlock = 64;

  void push(size_t first_group, Forces& out) const {
    auto* room = static_cast<double*>(thread_scratch(3 * n_ * sizeof(double)));
    Sources sources{room, room + n_, room + 2 * n_, 0};
    double x[kLayoutLanes];
    double y[kLayoutLanes];
    double sum[kLayoutLanes];
    for (size_t group = first_group; group < std::min(tree_.groups(), first_group + kGroupsOfBlock); ++group) {
      const size_t first = group * kLayoutLanes;
      tree_.sources(group, theta_, sources);
      table_.layout_repulsion(tree_.x() + first, tree_.y() + first, sources.x, sources.y, sources.mass, sources.count,
                              x, y, sum);
      for (size_t l = 0; l < std::min(kLayoutLanes, n_ - first); ++l) {
        const size_t i = tree_.point(first + l);
        out.push[2 * i] = x[l];
        out.push[2 * i + 1] = y[l];
        out.sums[i] = sum[l] - 1;  // without itself
      }
    }
  }

  const KernelTable& table_;
  size_t n_;
  double theta_;
  unsigned threads_;
  SparseAffinities affinities_;
  Quadtree tree_;
};

// Nearly normal: the sum of twelve uniform numbers.
double random_number(uint64_t seed, size_t index) {
  double sum = -6;
  for (uint32_t draw = 0; draw < 3; ++draw) {
    for (const uint32_t word : philox(seed, Stream::layout, index, 2 + draw)) sum += double(word) * 0x1p-32;
  }
  return sum;
}

double spread(const std::vector<double>& points, size_t d) {
  const size_t n = points.size() / 2;
  double mean = 0;
  for (size_t i = 0; i < n; ++i) mean += points[2 * i + d];
  mean /= double(n);
  double squares = 0;
  for (size_t i = 0; i < n; ++i) squares += (points[2 * i + d] - mean) * (points[2 * i + d] - mean);
  return std::sqrt(squares / double(n));
}

// A spread of 1e-4. Components without a spread are random instead.
std::vector<double> start(const PairRows& rows, const TsneSpec& spec, unsigned threads) {
  std::vector<double> points(2 * rows.rows());
  double first = 0;
  double second = 0;
  if (spec.from_principal) {
    principal_components(rows, threads, points.data());
    first = spread(points, 0);
    second = spread(points, 1);
  }
  const bool is_flat[2] = {!(first > 0), !(second > kFlat * first)};
  for (size_t at = 0; at < points.size(); ++at) {
    points[at] = is_flat[at % 2] ? random_number(spec.seed, at) * kStartSpread : points[at] / first * kStartSpread;
  }
  return points;
}

// Gradient descent with momentum and a gain for each coordinate.
class Descent {
 public:
  Descent(std::vector<double> points, double rate)
      : points_(std::move(points)), moves_(points_.size()), gains_(points_.size(), 1), rate_(rate) {}

  const std::vector<double>& points() const { return points_; }
  std::vector<double> take() { return std::move(points_); }

  // False when a coordinate is no usable number any more.
  bool step(const Forces& forces, double exaggeration, double momentum) {
    bool is_good = true;
    for (size_t at = 0; at < points_.size(); ++at) {
      const double gradient = 4 * (exaggeration * forces.pull[at] - forces.push[at] / forces.total);
      const double gain = moves_[at] * gradient < 0 ? gains_[at] + 0.2 : gains_[at] * 0.8;
      gains_[at] = std::max(gain, 0.01);
      moves_[at] = momentum * moves_[at] - rate_ * (gains_[at] * gradient);
      points_[at] += moves_[at];
      is_good = is_good && std::fabs(points_[at]) <= kFarthest;
    }
    return is_good;
  }

 private:
  std::vector<double> points_;
  std::vector<double> moves_;
  std::vector<double> gains_;
  double rate_;
};

}  // namespace

TsneResult tsne(const MatrixView& matrix, const TsneSpec& spec, unsigned threads, Control control) {
  const KernelTable& table = current_level();
  note_level(table);
  TsneResult result;
  const PairRows rows(table, matrix, Metric::euclidean, threads);
  result.bad_row = rows.bad_row();
  if (result.bad_row != kNoRow) return result;
  std::unique_ptr<Field> field;
  if (spec.theta == 0) {
    field = std::make_unique<ExactField>(table, rows, spec.perplexity, threads, control);
  } else {
    field = std::make_unique<TreeField>(table, rows, spec.perplexity, spec.theta, threads, control);
  }
  if (control.stopped()) return result;
  const size_t n = rows.rows();
  Forces forces(n);
  Descent descent(start(rows, spec, threads), spec.learning_rate);
  const size_t exaggerated = std::min(kExaggerated, spec.iterations / 2);
  for (size_t i = 0; i < spec.iterations; ++i) {
    if (control.stopped()) return result;
    const bool is_early = i < exaggerated;
    field->act(descent.points().data(), forces);
    if (!descent.step(forces, is_early ? spec.exaggeration : 1, is_early ? 0.5 : 0.8)) {
      result.diverged_at = int64_t(i + 1);
      return result;
    }
    control.done(i + 1);
  }
  result.points = descent.take();
  field->act(result.points.data(), forces);
  std::vector<double> parts(n);
  parallel_for(n, threads, [&](size_t row) { parts[row] = field->divergence(result.points.data(), row); });
  for (const double part : parts) result.kl += part;
  double log_total = 0;
  table.log_f64(&forces.total, &log_total, 1);
  result.kl += log_total;
  return result;
}

}  // namespace querent
