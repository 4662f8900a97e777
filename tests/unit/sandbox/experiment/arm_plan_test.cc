#include "sandbox/experiment/arm_plan.h"

#include <map>

#include <gtest/gtest.h>

#include "sandbox/experiment/settings.h"
#include "sandbox/world/sandbox_sets.h"
#include "sandbox/world/sandbox_world.h"

namespace tuneward {
namespace {

class ArmPlanTest : public testing::Test {
 protected:
  ArmPlan Make(const std::string& arm, int64_t rate_ppm = 0, uint64_t seed = 1) {
    ArmRequest request{.arm = **FindArm(arm),
                       .rate_ppm = rate_ppm,
                       .seed = seed,
                       .user = user_,
                       .pool = pool_,
                       .tokens = Words,
                       .context = 512};
    auto plan = PlanArm(request);
    EXPECT_TRUE(plan.ok()) << arm << ": " << plan.status();
    return plan.ok() ? *std::move(plan) : ArmPlan{};
  }
  static int64_t Words(const Chat& chat) {
    int64_t words = 0;
    for (const Message& message : chat.messages)
      words += 1 + std::count(message.content.begin(), message.content.end(), ' ');
    return words;
  }
  static std::map<PoolKind, int> Kinds(const ArmPlan& plan) {
    std::map<PoolKind, int> kinds;
    for (const MixRow& row : plan.plan.rows) ++kinds[row.kind];
    return kinds;
  }

  const SandboxWorld world_;
  const SafetyPool pool_ = MakeSandboxPool(world_.requests());
  const std::vector<Chat> user_ = world_.UserRows("gsm8k", "autoif_aoa", 300, 1).value();
};

TEST_F(ArmPlanTest, NoArmHasFewerRowsOrTokensThanTheDefault) {
  for (const int64_t rate : {0, 30'000, 200'000}) {
    const ArmPlan wanted = Make("default", rate);
    for (const Arm& arm : Arms()) {
      if (arm.method == "none") continue;
      SCOPED_TRACE(testing::Message() << arm.name << " at " << rate);
      const ArmPlan made = Make(std::string(arm.name), rate);
      EXPECT_GE(made.plan.rows.size(), wanted.plan.rows.size());
      EXPECT_GE(made.mixed_tokens, wanted.mixed_tokens);
      int64_t tokens = 0, longest = 0;
      for (const MixRow& row : made.plan.rows) {
        tokens += Words(row.chat);
        longest = std::max(longest, Words(row.chat));
      }
      EXPECT_EQ(made.mixed_tokens, tokens);
      // And no more than that takes: equal rows, or tokens that a few rows fewer would not hold.
      if (made.plan.rows.size() > wanted.plan.rows.size()) {
        EXPECT_LT(made.mixed_tokens, wanted.mixed_tokens + 4 * longest);
      }
    }
  }
}

TEST_F(ArmPlanTest, TheDefaultIsThePolicysPlanWithoutMinimums) {
  EXPECT_EQ(Kinds(Make("default")),
            (std::map<PoolKind, int>{{PoolKind::kRefusal, 86}, {PoolKind::kLookalike, 43}}));
  // 3 % of each kind of the final set: 300 / 0.94 * 0.03, where the policy's minimum would be 32.
  EXPECT_EQ(Kinds(Make("default", 30'000)),
            (std::map<PoolKind, int>{{PoolKind::kRefusal, 10}, {PoolKind::kLookalike, 10}}));
  std::map<std::string, int> forms;
  for (const MixRow& row : Make("default").plan.rows) ++forms[row.recipe];
  EXPECT_GT(forms["template"], 0);
  EXPECT_GT(forms["persona"], 0);
}

TEST_F(ArmPlanTest, KindsAndFormsAreTheArms) {
  EXPECT_TRUE(Make("none").plan.rows.empty());
  for (const Arm& arm : Arms()) {
    if (arm.method == "none" || arm.kinds == ArmKinds::kPolicy) continue;
    SCOPED_TRACE(arm.name);
    const ArmPlan made = Make(std::string(arm.name));
    EXPECT_EQ(made.plan.method, arm.method);
    const int lookalikes = Kinds(made)[PoolKind::kLookalike];
    const auto rows = static_cast<int>(made.plan.rows.size());
    EXPECT_EQ(lookalikes, arm.kinds == ArmKinds::kBalanced ? rows / 2 : 0);
    for (const MixRow& row : made.plan.rows)
      EXPECT_EQ(row.recipe, arm.method == "paraphrase" ? "template" : arm.method);
  }
}

TEST_F(ArmPlanTest, SeedsChooseOtherRows) {
  EXPECT_EQ(Make("base").plan.Hash(), Make("base").plan.Hash());
  EXPECT_NE(Make("base").plan.Hash(), Make("base", 0, 2).plan.Hash());
}

TEST_F(ArmPlanTest, RefusesAFileWithoutRows) {
  ArmRequest request{
      .arm = **FindArm("base"), .user = {}, .pool = pool_, .tokens = Words, .context = 512};
  EXPECT_EQ(PlanArm(request).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tuneward
