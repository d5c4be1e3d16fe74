#include <bit>

#include "support.h"

namespace querent::test {
namespace {

constexpr double kUlps = 1.02;  // math_sweep holds every float to it

double ulps(float got, double expected) {
  const float nearest = float(expected);
  const double ulp = double(std::nextafter(std::fabs(nearest), HUGE_VALF)) - double(std::fabs(nearest));
  return std::fabs(double(got) - expected) / ulp;
}

// A prime stride over all bit patterns: every exponent, about four million floats.
std::vector<float> sampled_floats() {
  std::vector<float> x;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 1021) x.push_back(std::bit_cast<float>(uint32_t(bits)));
  for (const float special : {0.0f, -0.0f, 1.0f, HUGE_VALF, -HUGE_VALF, NAN, 0x1p-149f, 0x1p-126f, 0x1.fffffep127f}) {
    x.push_back(special);
  }
  return x;
}

TEST(Math, LogOfSampledFloatsIsWithinItsBoundAndTheSameAtEveryLevel) {
  const std::vector<float> x = sampled_floats();
  std::vector<float> first;
  at_every_level([&](const KernelTable& table) {
    std::vector<float> y(x.size());
    table.log_f32(x.data(), y.data(), x.size());
    if (first.empty()) {
      double worst = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        if (std::isnan(x[i]) || x[i] < 0) {
          ASSERT_TRUE(std::isnan(y[i])) << x[i];
        } else if (x[i] == 0 || std::isinf(x[i])) {
          ASSERT_EQ(y[i], x[i] == 0 ? -HUGE_VALF : HUGE_VALF);
        } else {
          worst = std::max(worst, ulps(y[i], std::log(double(x[i]))));
        }
      }
      std::printf("log: worst error %.4f ulp\n", worst);
      EXPECT_LT(worst, kUlps);
      for (float& v : y) {
        if (std::isnan(v)) v = 0;
      }
      first = y;
    } else {
      for (float& v : y) {
        if (std::isnan(v)) v = 0;
      }
      EXPECT_TRUE(same_bits(first, y));
    }
  });
}

TEST(Math, ExpOfSampledFloatsIsWithinItsBoundAndTheSameAtEveryLevel) {
  const std::vector<float> x = sampled_floats();
  std::vector<float> first;
  at_every_level([&](const KernelTable& table) {
    std::vector<float> y(x.size());
    table.exp_f32(x.data(), y.data(), x.size());
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::isnan(x[i])) {
        ASSERT_TRUE(std::isnan(y[i]));
        y[i] = 0;
        continue;
      }
      const double expected = std::exp(double(x[i]));
      if (expected < 0x1p-126) {
        ASSERT_EQ(y[i], 0) << x[i];
      } else if (float(expected) == HUGE_VALF) {
        ASSERT_EQ(y[i], HUGE_VALF) << x[i];
      } else {
        worst = std::max(worst, ulps(y[i], expected));
      }
    }
    EXPECT_LT(worst, kUlps);
    if (first.empty()) {
      std::printf("exp: worst error %.4f ulp\n", worst);
      first = y;
    }
    EXPECT_TRUE(same_bits(first, y));
  });
}

TEST(Math, DoubleExpAndLogAreWithinTwoUlpAndTheSameAtEveryLevel) {
  std::vector<double> x;
  for (size_t i = 0; i < 200000; ++i) x.push_back(std::exp(1400 * (uniform(5, i) - 0.5)));
  for (size_t i = 0; i < 100000; ++i) x.push_back(1 + 0.5 * (uniform(6, i) - 0.5));
  std::vector<double> powers(x.size());
  for (size_t i = 0; i < x.size(); ++i) powers[i] = 700 * (uniform(7, i) * 2 - 1);
  std::vector<double> first_log;
  std::vector<double> first_exp;
  at_every_level([&](const KernelTable& table) {
    std::vector<double> log(x.size());
    std::vector<double> exp(x.size());
    table.log_f64(x.data(), log.data(), x.size());
    table.exp_f64(powers.data(), exp.data(), x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_LE(relative_error(log[i], logl((long double)x[i])), 4.5e-16) << x[i];
      ASSERT_LE(relative_error(exp[i], expl((long double)powers[i])), 4.5e-16) << powers[i];
    }
    if (first_log.empty()) {
      first_log = log;
      first_exp = exp;
    }
    EXPECT_TRUE(same_bits(first_log, log));
    EXPECT_TRUE(same_bits(first_exp, exp));
  });
}

}  // namespace
}  // namespace querent::test
