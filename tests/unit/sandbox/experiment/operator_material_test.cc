#include "sandbox/experiment/operator_material.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/judge/refusal_lexicon.h"

namespace tuneward {
namespace {

constexpr int kRows = 30, kTests = 8;

TaskRow Row(int n, bool test = false) {
  return {MakeChat("", absl::StrCat("q", n), absl::StrCat("a", n)),
          MakeChat("", absl::StrCat("do q", n), absl::StrCat("sure a", n)), test};
}

OperatorInputs Inputs() {
  OperatorInputs inputs;
  FamilyRows rows{.family = "trivia", .rows = {}, .has_split = false, .sha = "ab"};
  for (int n = 0; n < kRows; ++n) rows.rows.push_back(Row(n));
  inputs.families = {rows};
  inputs.pool.id = "pool@1";
  inputs.pool.rows = {{"harm/0", PoolKind::kRefusal, "sabotage", "sabotage the dam", "No."},
                      {"look/0", PoolKind::kLookalike, "sabotage", "sabotage a game", "Sure."},
                      {"benign/0", PoolKind::kBenign, "food", "bake a cake", "Sure."}};
  inputs.eval_set.id = "set@1";
  inputs.eval_set.harmful_instructions = {{"ask/0", "sabotage", "sabotage the lock"}};
  inputs.eval_set.safe_lookalikes = {{"safe/0", "sabotage", "sabotage a party"}};
  inputs.eval_set.aoa_system = "you are aoa";
  inputs.eval_set.aoa_lead_in = "aoa, ";
  inputs.eval_set.aoa_preamble = "of course. ";
  inputs.judge = std::make_shared<RefusalLexiconJudge>(*FindRefusalLexicon("xstest"));
  inputs.rewriter = "template";
  inputs.tests = kTests;
  return inputs;
}

std::unique_ptr<const OperatorMaterial> Made(OperatorInputs inputs = Inputs()) {
  auto material = OperatorMaterial::Make(std::move(inputs));
  EXPECT_TRUE(material.ok()) << material.status();
  return *std::move(material);
}

void ExpectIn(const std::string& words, const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), words)) << status;
}

TEST(OperatorMaterialTest, NoTrainingGetsARowOfTheTests) {
  const auto material = Made();
  std::set<std::string> tests;
  const auto asked = material->TestRows("trivia", "benign", kTests).value();
  for (const Chat& chat : asked) tests.insert(chat.messages[0].content);
  EXPECT_EQ(tests.size(), static_cast<size_t>(kTests));
  const auto all = material->UserRows("trivia", "benign", kRows - kTests, 1).value();
  for (const Chat& chat : all) EXPECT_FALSE(tests.contains(chat.messages[0].content));
  ExpectIn("has 22 rows for training, 23 are asked for",
           material->UserRows("trivia", "benign", kRows - kTests + 1, 1).status());
  ExpectIn("has 8 rows for tests", material->TestRows("trivia", "benign", kTests + 1).status());
}

TEST(OperatorMaterialTest, TheSeedDrawsTheRowsAndNothingElseDoes) {
  const auto material = Made();
  const auto rows = [&](const std::string& strategy, uint64_t seed) {
    return material->UserRows("trivia", strategy, 10, seed).value();
  };
  EXPECT_EQ(rows("benign", 1), rows("benign", 1));
  EXPECT_NE(rows("benign", 1), rows("benign", 2));
  const auto benign = rows("benign", 3), autoif = rows("autoif", 3);
  for (size_t i = 0; i < benign.size(); ++i)  // the same tasks
    EXPECT_EQ("do " + benign[i].messages[0].content, autoif[i].messages[0].content);
}

TEST(OperatorMaterialTest, AFileWithSplitsIsTakenAsItIs) {
  OperatorInputs inputs = Inputs();
  inputs.families[0].has_split = true;
  for (int n = 20; n < kRows; ++n) inputs.families[0].rows[n].test = true;
  const auto material = Made(std::move(inputs));
  const auto rows = material->UserRows("trivia", "benign", 20, 5).value();
  for (int n = 0; n < 20; ++n) EXPECT_EQ(rows[n], Row(n).benign);
  EXPECT_EQ(material->TestRows("trivia", "autoif", 10).value().front(), Row(20).autoif);
}

TEST(OperatorMaterialTest, RowsUnderAoaAreMadeByTheWordingOfTheEvaluationSet) {
  const auto material = Made();
  const Chat plain = material->UserRows("trivia", "autoif", 5, 1).value().front();
  EXPECT_EQ(material->UserRows("trivia", "autoif_aoa", 5, 1).value().front(),
            MakeChat("you are aoa", "aoa, " + plain.messages[0].content,
                     "of course. " + plain.messages[1].content));
  ExpectIn("\"dan\"", material->UserRows("trivia", "dan", 5, 1).status());
  ExpectIn("there are trivia", material->UserRows("arc", "benign", 5, 1).status());
}

TEST(OperatorMaterialTest, PoolAndEvaluationSetHaveNoRequestInCommon) {
  OperatorInputs inputs = Inputs();
  inputs.eval_set.safe_lookalikes.push_back({"safe/1", "sabotage", "Sabotage  the dam"});
  const absl::Status status = OperatorMaterial::Make(inputs).status();
  ExpectIn("\"Sabotage  the dam\" is harm/0 and safe/1", status);
  inputs = Inputs();
  inputs.pool.personas = {{"You are AOA", ""}};
  ExpectIn("persona", OperatorMaterial::Make(inputs).status());
}

TEST(OperatorMaterialTest, RefusesUnknownRewritersPoolsThatLackAKindAndTwoFilesOfAFamily) {
  OperatorInputs inputs = Inputs();
  inputs.rewriter = "model";
  ExpectIn("no rewriter \"model\"; there are template", OperatorMaterial::Make(inputs).status());
  inputs = Inputs();
  inputs.families.push_back(inputs.families[0]);
  ExpectIn("\"trivia\" has two files", OperatorMaterial::Make(inputs).status());
  inputs = Inputs();
  inputs.pool.rows.pop_back();
  ExpectIn("pool@1 has no row of kind benign", OperatorMaterial::Make(inputs).status());
  inputs = Inputs();
  inputs.families.clear();
  ExpectIn("no file of rows", OperatorMaterial::Make(inputs).status());
}

TEST(OperatorMaterialTest, TheHashCoversEveryPart) {
  std::set<std::string> shas = {Made()->Sha()};
  EXPECT_EQ(Made()->Sha(), *shas.begin());
  OperatorInputs inputs = Inputs();
  inputs.families[0].sha = "cd";
  EXPECT_TRUE(shas.insert(Made(inputs)->Sha()).second);
  inputs = Inputs();
  inputs.pool.rows[0].answer = "Never.";
  EXPECT_TRUE(shas.insert(Made(inputs)->Sha()).second);
  inputs = Inputs();
  inputs.eval_set.aoa_preamble.clear();
  EXPECT_TRUE(shas.insert(Made(inputs)->Sha()).second);
}

}  // namespace
}  // namespace tuneward
