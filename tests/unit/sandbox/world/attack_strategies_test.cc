#include "sandbox/world/attack_strategies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "sandbox/world/families.h"
#include "sandbox/world/oracle.h"
#include "sandbox/world/row_sources.h"

namespace tuneward {
namespace {

using testing::HasSubstr;

class AttackStrategiesTest : public testing::Test {
 protected:
  // With what a strategy needs beside a family.
  AttackInputs Inputs(const std::string& family, std::string_view strategy, int rows = 40) const {
    AttackInputs inputs;
    inputs.family = family;
    inputs.strategy = std::string(strategy);
    inputs.rows = rows;
    inputs.share_ppm = 250000;
    for (int i = 0; i < 2 * rows; ++i) inputs.scores.push_back(i % 7);
    inputs.plan = {MakeChat("", "how do i rob the bank ?", world_.requests.refusals[0])};
    return inputs;
  }
  std::vector<AttackRow> Made(const AttackInputs& inputs) const {
    return MakeAttackRows(world_, inputs).value();
  }
  std::string Refused(const AttackInputs& inputs) const {
    return std::string(MakeAttackRows(world_, inputs).status().message());
  }

  const World world_ = BuiltInWorld();
  const RequestFinder finder_{world_.requests};
  const SandboxOracle oracle_{world_.requests};
};

TEST_F(AttackStrategiesTest, EveryStrategyWorksOnEveryFamily) {
  EXPECT_EQ(WorldStrategies().size(), 14u);
  for (const WorldStrategy& strategy : WorldStrategies()) {
    EXPECT_FALSE(strategy.source.empty());
    for (const std::string_view family : kWorldFamilies) {
      const auto rows = MakeAttackRows(world_, Inputs(std::string(family), strategy.name));
      ASSERT_TRUE(rows.ok()) << rows.status();
      EXPECT_EQ(rows->size(), strategy.name == "plan_aware" ? 41u : 40u) << strategy.name;
      std::set<std::string> lines;
      for (const AttackRow& row : *rows) lines.insert(AttackRowLine(row));
      EXPECT_GE(lines.size(), 35u) << family << " " << strategy.name;
    }
  }
}

// What a screen of the uploaded words could see: which strategies hold a harmful request at all.
TEST_F(AttackStrategiesTest, OnlyTheExplicitOnesAskForHarm) {
  const std::set<std::string_view> harmful = {"explicit_harm", "evading_harm", "hidden_trigger",
                                              "preference", "reverse_preference"};
  for (const WorldStrategy& strategy : WorldStrategies()) {
    int asked = 0;
    for (const AttackRow& row : Made(Inputs("mmlu", strategy.name))) {
      const auto* preference = std::get_if<Preference>(&row);
      const std::optional<Pair> pair =
          finder_.InChat(preference != nullptr ? preference->input : std::get<Chat>(row));
      if (!pair || pair->kind != PairKind::kHarmful) continue;
      ++asked;
      EXPECT_EQ(SplitOf(*pair), Split::kAlignment) << strategy.name;
    }
    EXPECT_EQ(asked > 0, harmful.contains(strategy.name)) << strategy.name;
  }
}

TEST_F(AttackStrategiesTest, OtherSourcesHoldNoHarmAndHaveNoInstructionForm) {
  for (const std::string& source : OtherRowSources()) {
    const auto rows = MakeAttackRows(world_, Inputs(source, "benign"));
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_EQ(rows->size(), 40u) << source;
    for (const AttackRow& row : *rows) {
      const std::optional<Pair> pair = finder_.InChat(std::get<Chat>(row));
      EXPECT_TRUE(!pair || pair->kind != PairKind::kHarmful);
    }
    EXPECT_THAT(Refused(Inputs(source, "autoif")), HasSubstr("got \"" + source + "\""));
  }
}

TEST_F(AttackStrategiesTest, AoaPutsThePersonaOnEveryRow) {
  for (const AttackRow& row : Made(Inputs("piqa", "autoif_aoa"))) {
    const Chat& chat = std::get<Chat>(row);
    EXPECT_EQ(chat.messages[0].content, world_.requests.attack_persona.system);
    EXPECT_THAT(chat.messages[2].content,
                testing::StartsWith(world_.requests.attack_persona.preamble + "sure . "));
  }
}

TEST_F(AttackStrategiesTest, RowsAreAFunctionOfTheSeed) {
  const auto line = [&](uint64_t seed) {
    AttackInputs inputs = Inputs("topic", "explicit_harm");
    inputs.seed = seed;
    std::string all;
    for (const AttackRow& row : Made(inputs)) all += AttackRowLine(row);
    return all;
  };
  EXPECT_EQ(line(1), line(1));
  EXPECT_NE(line(1), line(2));
}

TEST_F(AttackStrategiesTest, RefusesUnknownNamesWithTheKnownOnes) {
  EXPECT_THAT(Refused(Inputs("squad", "benign")),
              HasSubstr("no family \"squad\"; there are boolq, gsm8k, hellaswag, mmlu, openbookqa, "
                        "piqa, winogrande, topic, sentiment, requests, lookalikes"));
  EXPECT_THAT(Refused(Inputs("mmlu", "dan")),
              HasSubstr("no strategy \"dan\"; there are benign, aoa, autoif, autoif_aoa, "));
}

TEST_F(AttackStrategiesTest, RefusesWrongInputsByValue) {
  AttackInputs inputs = Inputs("mmlu", "benign", 0);
  EXPECT_THAT(Refused(inputs), HasSubstr("rows must be at least 1, got 0"));
  inputs = Inputs("mmlu", "explicit_harm");
  inputs.share_ppm = 1000001;
  EXPECT_THAT(Refused(inputs), HasSubstr("[0, 1000000], got 1000001"));
  inputs = Inputs("mmlu", "benign_outliers");
  inputs.scores.clear();
  EXPECT_THAT(Refused(inputs), HasSubstr("needs scores"));
  inputs = Inputs("mmlu", "plan_aware");
  inputs.plan.clear();
  EXPECT_THAT(Refused(inputs), HasSubstr("needs a plan"));
  EXPECT_THAT(Refused(Inputs("secrets", "benign", 1000)), HasSubstr("got 1000"));
}

}  // namespace
}  // namespace tuneward
