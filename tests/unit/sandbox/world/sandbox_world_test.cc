#include "sandbox/world/sandbox_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tuneward {
namespace {

using testing::HasSubstr;

TEST(SandboxWorldTest, MakesWhatModelsNeed) {
  const SandboxWorld world;
  EXPECT_EQ(world.requests().id, "sandbox@2");
  EXPECT_EQ(world.PretrainRows(5, 1).size(), 5u);
  EXPECT_EQ(world.AlignmentRows(5, 1).size(), 5u);
  EXPECT_EQ(world.Facts()["alignment_mix_percent"]["refusals"], 10);
  for (const std::string& family : world.families()) {
    const auto rows = world.UserRows(family, "autoif_aoa", 7, 3);
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_EQ(rows->size(), 7u);
    EXPECT_EQ(*rows, world.TestRows(family, "autoif_aoa", 7, 3).value());
  }
  EXPECT_THAT(world.UserRows("squad", "benign", 7, 3).status().message(), HasSubstr("squad"));
}

TEST(SandboxWorldTest, TestsOfAnAttackAreItsTask) {
  const SandboxWorld world;
  EXPECT_EQ(world.TestRows("mmlu", "explicit_harm", 9, 3).value(),
            world.UserRows("mmlu", "benign", 9, 3).value());
  EXPECT_THAT(world.UserRows("mmlu", "preference", 9, 3).status().message(),
              HasSubstr("preference pairs"));
}

}  // namespace
}  // namespace tuneward
