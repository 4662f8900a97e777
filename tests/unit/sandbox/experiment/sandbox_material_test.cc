#include "sandbox/experiment/sandbox_material.h"

#include <gtest/gtest.h>

#include <set>

#include "sandbox/world/world.h"

namespace tuneward {
namespace {

TEST(SandboxMaterialTest, IsTheWorld) {
  const SandboxMaterial material;
  EXPECT_EQ(material.Sha(), WorldHash().Hex());
  EXPECT_EQ(material.pool().id, "sandbox@2");
  EXPECT_EQ(material.judge().id(), material.eval_set().judge);
  EXPECT_EQ(material.UserRows("gsm8k", "autoif", 20, 3).value(),
            SandboxWorld().UserRows("gsm8k", "autoif", 20, 3).value());
  EXPECT_EQ(material.TestRows("gsm8k", "aoa", 4).value(),
            SandboxWorld().TestRows("gsm8k", "aoa", 4, 1'000'003).value());
}

// Categories that a grid reports as held out are those of which the pool has no refusal.
TEST(SandboxMaterialTest, ThePoolHasARefusalOfEveryCategoryThatIsNotHeldOut) {
  const SandboxMaterial material;
  std::set<std::string> refused;
  for (const PoolRow& row : material.pool().rows)
    if (row.kind == PoolKind::kRefusal) refused.insert(row.category);
  for (const HarmCategory& category : material.world().requests().harm)
    EXPECT_EQ(refused.contains(category.id), !category.held_out) << category.id;
}

}  // namespace
}  // namespace tuneward
