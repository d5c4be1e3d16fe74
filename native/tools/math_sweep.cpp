// Checks exp and log over all 2^32 floats, at every level this machine has, against the double-precision library.
// Prints the worst error in ulp and whether the levels agree; exit status 1 when an error reaches 1.02 ulp.
#include <querent/dispatch.h>
#include <querent/parallel.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "../kernels/tables.h"

namespace {

struct Worst {
  double ulps = 0;
  float at = 0;
  uint64_t wrong_special = 0;
  uint64_t level_differences = 0;
};

bool same(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);
}

Worst sweep(bool is_log) {
  constexpr size_t kBlock = 1 << 20;
  Worst worst;
  std::mutex mutex;
  const auto& levels = querent::available_levels();
  querent::parallel_for((uint64_t{1} << 32) / kBlock, 0, [&](size_t block) {
    std::vector<float> x(kBlock);
    std::vector<float> y(kBlock);
    std::vector<float> other(kBlock);
    for (size_t i = 0; i < kBlock; ++i) x[i] = std::bit_cast<float>(uint32_t(block * kBlock + i));
    const auto map = [&](const querent::KernelTable& table, float* out) {
      (is_log ? table.log_f32 : table.exp_f32)(x.data(), out, kBlock);
    };
    map(*levels.front(), y.data());
    Worst own;
    for (size_t i = 0; i < kBlock; ++i) {
      const double expected = is_log ? std::log(double(x[i])) : std::exp(double(x[i]));
      const float rounded = float(expected);
      const bool flushed = !is_log && expected < 0x1p-126;
      if (flushed || std::isnan(expected) || std::isinf(rounded)) {
        own.wrong_special += !same(y[i], flushed ? 0.0f : rounded);
        continue;
      }
      const double ulp = double(std::nextafter(std::fabs(rounded), HUGE_VALF)) - std::fabs(double(rounded));
      const double error = std::fabs(double(y[i]) - expected) / ulp;
      if (error > own.ulps) {
        own.ulps = error;
        own.at = x[i];
      }
    }
    for (size_t l = 1; l < levels.size(); ++l) {
      map(*levels[l], other.data());
      for (size_t i = 0; i < kBlock; ++i) own.level_differences += !same(y[i], other[i]);
    }
    const std::lock_guard lock(mutex);
    if (own.ulps > worst.ulps) {
      worst.ulps = own.ulps;
      worst.at = own.at;
    }
    worst.wrong_special += own.wrong_special;
    worst.level_differences += own.level_differences;
  });
  return worst;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string only = argc > 1 ? argv[1] : "";
  bool good = true;
  for (const bool is_log : {true, false}) {
    const char* name = is_log ? "log" : "exp";
    if (!only.empty() && only != name) continue;
    const Worst worst = sweep(is_log);
    std::printf(
        "%s: all 2^32 floats, worst %.4f ulp at %a, %llu wrong special values, %llu differences between %zu levels\n",
        name, worst.ulps, double(worst.at), (unsigned long long)worst.wrong_special,
        (unsigned long long)worst.level_differences, querent::available_levels().size());
    good = good && worst.ulps < 1.02 && worst.wrong_special == 0 && worst.level_differences == 0;
  }
  return good ? 0 : 1;
}
