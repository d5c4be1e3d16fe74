#include "support.h"

namespace querent::test {
namespace {

TEST(Levels, EndWithScalarAndNameWhatTheCompilerReallyTargeted) {
  const auto& levels = available_levels();
  ASSERT_FALSE(levels.empty());
  EXPECT_STREQ(levels.back()->level, "scalar");
  for (const KernelTable* table : levels) {
    const std::string level = table->level;
    const std::string instructions = table->instructions;
    if (level == "scalar") {
      EXPECT_EQ(instructions, "scalar");
      EXPECT_EQ(table->lanes, 1u);
    } else if (level == "avx2") {
      EXPECT_EQ(instructions, "N_AVX2");
      EXPECT_EQ(table->lanes, 8u);
    } else if (level == "avx512") {
      EXPECT_EQ(instructions, "N_AVX3");
      EXPECT_EQ(table->lanes, 16u);
    } else {
      EXPECT_EQ(level, "neon");
      EXPECT_EQ(instructions, "N_NEON");
      EXPECT_EQ(table->lanes, 4u);
    }
  }
}

TEST(Levels, AnUnknownLevelChangesNothing) {
  const std::string before = current_level().level;
  EXPECT_FALSE(set_level("sse9"));
  EXPECT_EQ(before, current_level().level);
}

TEST(Levels, TheLevelThatRanIsRecorded) {
  const std::vector<float> p = {0.25f, 0.75f};
  at_every_level([&](const KernelTable& table) {
    float out = 0;
    score_matrix({Method::entropy, From::probabilities, Kind::multiclass, Normalize::check, 1e-3},
                 {p.data(), Dtype::f32, 1, 2, 2}, 1, {&out, false});
    EXPECT_STREQ(last_level(), table.level);
  });
}

}  // namespace
}  // namespace querent::test
