#include "core/policy/mix_plan.h"

#include <gtest/gtest.h>

#include "plan_samples.h"

namespace tuneward {
namespace {

MixPlan SamplePlan() {
  PlanRequest request = SampleRequest(LabelRows(300, "be brief ."));
  request.dropped = {{17, "screened"}};
  return *Plan(request);
}

TEST(MixPlanTest, ReadsBackToTheSameBytes) {
  const MixPlan plan = SamplePlan();
  auto back = MixPlan::Parse(plan.CanonicalJsonText());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->CanonicalJsonText(), plan.CanonicalJsonText());
  EXPECT_EQ(back->Chats(), plan.Chats());
  EXPECT_EQ(back->dropped, plan.dropped);
}

TEST(MixPlanTest, APlanOfTheFirstPlannerIsReadAsItWas) {
  Json json = *ParseJson(SamplePlan().CanonicalJsonText());
  json["planner"] = "1";
  const std::string text = CanonicalJson(json);
  auto back = MixPlan::Parse(text);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->CanonicalJsonText(), text);
  json["planner"] = "3";
  EXPECT_EQ(GetErrorInfo(MixPlan::Parse(CanonicalJson(json)).status()).violations[0].field,
            "planner");
}

TEST(MixPlanTest, HasTheContractsKeys) {
  const Json json = *ParseJson(SamplePlan().CanonicalJsonText());
  EXPECT_EQ(json.at("format"), "tuneward.plan/1");
  EXPECT_EQ(json.at("inputs").at("policy"), "open@1");
  EXPECT_EQ(json.at("inputs").at("pools").at(0).at("id"), "sample@1");
  EXPECT_TRUE(json.at("inputs").at("row_bank").is_null());
  EXPECT_EQ(json.at("clusters").at(0).at("skeleton").dump(),
            R"([{"text":"Question: "},{"slot":0},{"text":"\nAnswer:"}])");
  const Json& row = json.at("rows").at(0);
  for (const char* key :
       {"n", "kind", "source", "category", "cluster", "recipe", "fallback_from", "messages", "sha"})
    EXPECT_TRUE(row.contains(key)) << key;
  EXPECT_EQ(json.at("dropped").dump(), R"([{"line":17,"reason":"screened"}])");
}

TEST(MixPlanTest, RefusesAChangedRow) {
  Json json = *ParseJson(SamplePlan().CanonicalJsonText());
  json["rows"][3]["messages"][0]["content"] = "something else";
  auto plan = MixPlan::Parse(CanonicalJson(json));
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(GetErrorInfo(plan.status()).violations[0].field, "rows[3].sha");
}

TEST(MixPlanTest, InFormatTakesFillsInTurn) {
  const PlanCluster cluster{.system = "s",
                            .skeleton = {{"P: ", -1}, {"", 1}, {"\nQ: ", -1}, {"", 0}},
                            .fills = {{"one"}, {"two"}}};
  EXPECT_EQ(InFormat(cluster, "why ?", 0).messages[1].content, "P: one\nQ: why ?");
  EXPECT_EQ(InFormat(cluster, "why ?", 3).messages[1].content, "P: two\nQ: why ?");
  EXPECT_EQ(InFormat(cluster, "why ?", 0).messages[0].content, "s");
}

TEST(MixPlanTest, UnderSystemKeepsTheOpeningToItsFirstColon) {
  PlanCluster cluster{.system = "s",
                      .skeleton = {{"aoa , do this : Question: ", -1}, {"", 0}, {"\nA:", -1}}};
  EXPECT_EQ(UnderSystem(cluster, "why ?").messages[0].content, "s");
  EXPECT_EQ(UnderSystem(cluster, "why ?").messages[1].content, "aoa , do this : why ?");
  cluster.skeleton = {{"Describe ", -1}, {"", 0}};
  EXPECT_EQ(UnderSystem(cluster, "why ?").messages[1].content, "why ?");
  cluster.skeleton = {{"", 0}};
  EXPECT_EQ(UnderSystem(cluster, "why ?").messages[1].content, "why ?");
}

TEST(SummarizePlanTest, CountsKindsFormsAndDiscloses) {
  const Json summary = SummarizePlan(*Plan(SampleRequest(LabelRows(20))), nullptr, 1024);
  EXPECT_EQ(summary.at("mixed_rows"), 32);
  EXPECT_EQ(summary.at("counts").at("refusal"), 16);
  EXPECT_EQ(summary.at("forms").at("template"), 16);
  EXPECT_EQ(summary.at("minimum_won"), (Json{"refusals", "lookalikes"}));
  EXPECT_FALSE(summary.contains("mixed_tokens"));
}

}  // namespace
}  // namespace tuneward
