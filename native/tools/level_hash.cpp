// Prints one hash of many results per CPU level of this machine: all lines of all machines must agree. It needs neither
// Node nor GoogleTest, so that it can be cross-compiled and run under an emulator (CONTRIBUTING.md has the commands).
#include <querent/batch_bald.h>
#include <querent/dispatch.h>
#include <querent/facility.h>
#include <querent/k_means.h>
#include <querent/pairwise.h>
#include <querent/philox.h>
#include <querent/score.h>
#include <querent/select.h>
#include <querent/tsne.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "../kernels/tables.h"

namespace {

using namespace querent;

class Hash {
 public:
  template <class T>
  void add(const std::vector<T>& values) {
    for (T value : values) {
      if (std::isnan(value)) value = -1;  // which NaN it is may differ
      unsigned char bytes[sizeof(T)];
      std::memcpy(bytes, &value, sizeof(T));
      for (const unsigned char byte : bytes) state_ = (state_ ^ byte) * 1099511628211u;
    }
  }
  unsigned long long value() const { return state_; }

 private:
  uint64_t state_ = 1469598103934665603u;  // FNV-1a
};

std::vector<float> probabilities(size_t rows, size_t cols) {
  std::vector<float> p(rows * cols);
  for (size_t r = 0; r < rows; ++r) {
    float sum = 0;
    for (size_t c = 0; c < cols; ++c) {
      const float u = float(philox(1, {uint32_t(r * cols + c), 0, 99, 0})[0] >> 8) * 0x1p-24f;
      p[r * cols + c] = u * u * u;
      sum += p[r * cols + c];
    }
    for (size_t c = 0; c < cols; ++c) p[r * cols + c] /= sum;
  }
  return p;
}

void hash_scores(Hash& hash, const ScoreSpec& spec, const std::vector<float>& x, size_t rows, size_t cols) {
  std::vector<float> out(rows);
  const auto score = [&](const void* data, Dtype dtype, Normalize normalize) {
    ScoreSpec own = spec;
    own.normalize = normalize;
    score_matrix(own, {data, dtype, rows, cols, cols}, 1, {out.data(), false});
    hash.add(out);
  };
  score(x.data(), Dtype::f32, spec.normalize);
  const std::vector<double> doubles(x.begin(), x.end());
  std::vector<double> out_doubles(rows);
  score_matrix(spec, {doubles.data(), Dtype::f64, rows, cols, cols}, 1, {out_doubles.data(), true});
  hash.add(out_doubles);
  std::vector<uint16_t> halves(x.size());
  for (size_t i = 0; i < x.size(); ++i) halves[i] = uint16_t(std::bit_cast<uint32_t>(x[i]) >> 16);
  score(halves.data(), Dtype::bf16, Normalize::none);
  for (size_t i = 0; i < x.size(); ++i) halves[i] = uint16_t(philox(2, {uint32_t(i), 0, 5, 0})[0] & 0x3fff);
  score(halves.data(), Dtype::f16, Normalize::none);
}

void hash_selections(Hash& hash, const std::vector<float>& p, size_t rows, size_t cols) {
  const MatrixView points{p.data(), Dtype::f32, rows, cols, cols};
  for (const Metric metric : {Metric::euclidean, Metric::cosine}) {
    const Selection centres = k_center(points, metric, {}, 0, rows / 2, 1, Control());
    hash.add(centres.rows);
    hash.add(centres.distances);
  }
  hash.add(k_means_plus_plus(points, {}, rows / 2, 5, 1, Control()).rows);
  for (const size_t neighbours : {size_t{0}, rows / 10}) {
    const FacilityResult found = facility_location(points, Metric::euclidean, neighbours, rows / 4, 1, Control());
    hash.add(found.rows);
    hash.add(found.gains);
  }
  std::vector<float> distances(rows * rows);
  pairwise_distances(points, nullptr, Metric::cosine, false, 1, {distances.data(), false}, Control());
  hash.add(distances);
  const std::vector<double> initial(p.begin(), p.begin() + ptrdiff_t(7 * cols));
  hash.add(k_means(points, initial.data(), 7, 5, 0, 1, Control()).centroids);
  const Predictions predictions{points, From::logits, Normalize::none, 1e-3};
  hash.add(badge(predictions, points, {}, rows / 2, 5, 1, Control()).rows);
  for (const double theta : {0.0, 0.5}) hash.add(tsne(points, {20, theta, 30, 12, 50, 3, true}, 1, Control()).points);
}

unsigned long long hash_of_level() {
  Hash hash;
  constexpr size_t kRows = 200;
  constexpr size_t kPasses = 4;
  for (const size_t cols : {2, 3, 10, 33, 64, 65, 100, 129, 1000}) {
    const std::vector<float> p = probabilities(kRows, cols);
    std::vector<float> logits = p;
    for (float& x : logits) x = x * 60 - 20;
    hash_selections(hash, p, kRows, cols);
    for (const From from : {From::probabilities, From::logits}) {
      for (const Method method : {Method::entropy, Method::margin, Method::least_confidence}) {
        for (const Kind kind : {Kind::multiclass, Kind::multilabel}) {
          for (const Normalize normalize : {Normalize::check, Normalize::divide, Normalize::none}) {
            hash_scores(hash, {method, from, kind, normalize, 1e-3}, from == From::logits ? logits : p, kRows, cols);
          }
        }
      }
      constexpr size_t kSamples = kRows / kPasses;
      std::vector<std::vector<float>> results(kMeasureCount, std::vector<float>(kSamples));
      std::vector<ScoresOut> outs;
      for (auto& values : results) outs.push_back({values.data(), false});
      reduce_samples({from, Normalize::none, 1e-3, (1u << kMeasureCount) - 1},
                     {p.data(), Dtype::f32, kPasses, kSamples, cols}, 0, kSamples, 1, outs.data());
      for (const auto& values : results) hash.add(values);
      const BatchBaldPicks picks =
          batch_bald({from, Normalize::divide, 1e-3, 0}, {p.data(), Dtype::f32, kPasses, kSamples, cols},
                     {4, 1000, 5, {}, 1}, Control());
      hash.add(picks.indices);
      hash.add(picks.scores);
    }
  }
  return hash.value();
}

}  // namespace

int main() {
  for (const KernelTable* table : available_levels()) {
    set_level(table->level);
    std::printf("%-8s %-8s %2zu lanes  %016llx\n", table->level, table->instructions, table->lanes, hash_of_level());
  }
}
