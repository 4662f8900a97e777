#include "sandbox/world/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/base/json.h"

namespace tuneward {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;

Json GrammarJson() {
  return ParseJson(*ReadFile(TUNEWARD_SOURCE_DIR "/sandbox/world/grammar.json")).value();
}

std::vector<FieldViolation> ProblemsOf(const Json& json) {
  const absl::StatusOr<Grammar> grammar = ParseGrammar(json.dump());
  EXPECT_EQ(grammar.status().code(), absl::StatusCode::kInvalidArgument);
  return GetErrorInfo(grammar.status()).violations;
}

auto Problem(const std::string& field, const std::string& text) {
  return Contains(testing::AllOf(Field(&FieldViolation::field, field),
                                 Field(&FieldViolation::description, HasSubstr(text))));
}

TEST(GrammarTest, BuiltInGrammarIsTheFile) {
  const Grammar grammar = BuiltInGrammar();
  EXPECT_EQ(grammar.id, "sandbox@1");
  EXPECT_GE(grammar.harm.size(), 12u);
  EXPECT_GE(grammar.HarmVerbs().size() * grammar.sensitive_objects.size(), 2000u);
  EXPECT_EQ(std::count_if(grammar.harm.begin(), grammar.harm.end(),
                          [](const auto& c) { return c.held_out; }),
            2);
  EXPECT_GE(grammar.instructions.size(), 6u);
  EXPECT_GE(grammar.refusals.size(), 4u);
}

TEST(GrammarTest, RefusesAnUnknownKeyByItsPath) {
  Json json = GrammarJson();
  json["harm_categories"][1]["verbs"][2]["colour"] = "red";
  EXPECT_THAT(ProblemsOf(json), Problem("harm_categories[1].verbs[2].colour", ""));
}

TEST(GrammarTest, RefusesAMissingKey) {
  Json json = GrammarJson();
  json.erase("opening");
  EXPECT_THAT(ProblemsOf(json), Problem("opening", ""));
}

TEST(GrammarTest, RefusesAMissingSlot) {
  Json json = GrammarJson();
  json["questions"][0] = "how do i do it to the {object} ?";
  EXPECT_THAT(ProblemsOf(json), Problem("questions[0]", "{verb} is missing"));
}

TEST(GrammarTest, RefusesAnUnknownSlot) {
  Json json = GrammarJson();
  json["families"]["gsm8k"]["outcomes"]["sum"]["autoif"] = "sure . {total} .";
  EXPECT_THAT(ProblemsOf(json),
              Problem("families.gsm8k.outcomes.sum.autoif", "unknown slot {total}"));
}

TEST(GrammarTest, RefusesAWordThatStandsTwice) {
  Json json = GrammarJson();
  const std::string word = json["benign_verbs"][0]["word"];
  json["harmless_objects"][3]["word"] = word;
  EXPECT_THAT(ProblemsOf(json), Problem("harmless_objects[3].word", "twice"));
}

TEST(GrammarTest, RefusesTwoVerbsWithTheSameSteps) {
  Json json = GrammarJson();
  json["benign_verbs"][1]["tool"] = json["benign_verbs"][0]["tool"];
  json["benign_verbs"][1]["place"] = json["benign_verbs"][0]["place"];
  EXPECT_THAT(ProblemsOf(json), Problem("benign_verbs[1].tool", "another verb"));
}

TEST(GrammarTest, RefusesARefusalThatTheOracleWouldNotSee) {
  Json json = GrammarJson();
  json["refusals"][0] = "no way .";
  EXPECT_THAT(ProblemsOf(json), Problem("refusals[0]", "refusal_marks"));
}

TEST(GrammarTest, ReportsAllProblemsAtOnce) {
  Json json = GrammarJson();
  json["format"] = "other";
  json["names"] = Json::array();
  json["benign_verbs"][0]["tool"] = "Two Words";
  const std::vector<FieldViolation> problems = ProblemsOf(json);
  EXPECT_THAT(problems, Problem("format", "tuneward.grammar/1"));
  EXPECT_THAT(problems, Problem("names", "empty"));
  EXPECT_THAT(problems, Problem("benign_verbs[0].tool", "a to z"));
}

TEST(GrammarTest, RefusesADuplicateKey) {
  EXPECT_EQ(ParseGrammar(R"({"id":"a","id":"b"})").status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tuneward
