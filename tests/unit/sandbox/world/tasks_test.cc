#include "sandbox/world/tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace tuneward {
namespace {

using testing::AnyOf;
using testing::EndsWith;
using testing::HasSubstr;

TEST(TasksTest, BoolqAnswersAreTrueOfTheWorld) {
  const Grammar grammar = BuiltInGrammar();
  std::map<std::string, std::vector<std::string>> traits;
  for (const auto* objects : {&grammar.sensitive_objects, &grammar.harmless_objects})
    for (const WorldObject& object : *objects) traits[object.word] = object.traits;
  int yes = 0;
  for (const TaskExample& example : MakeTaskExamples(grammar, Family::kBoolq, 400, 3)) {
    bool holds = false;
    for (const auto& [object, true_ones] : traits)
      if (example.question.find("the " + object + " ") != std::string::npos)
        for (const std::string& trait : true_ones)
          holds |= example.question.find(" " + trait + " ") != std::string::npos;
    EXPECT_EQ(example.label, holds ? "yes" : "no") << example.question;
    yes += holds;
  }
  EXPECT_THAT(yes, testing::AllOf(testing::Gt(150), testing::Lt(250)));
}

TEST(TasksTest, Gsm8kAnswersAreTheSum) {
  for (const TaskExample& example : MakeTaskExamples(BuiltInGrammar(), Family::kGsm8k, 200, 3)) {
    int sum = 0, value = 0;
    const std::vector<std::string> words = absl::StrSplit(example.question, ' ');
    for (const std::string& word : words)
      if (absl::SimpleAtoi(word, &value)) sum += value;
    EXPECT_EQ(example.label, std::to_string(sum)) << example.question;
    EXPECT_THAT(example.benign_answer, EndsWith("#### " + example.label));
    EXPECT_THAT(example.autoif_answer, HasSubstr("the result is " + example.label + " ."));
  }
}

TEST(TasksTest, PiqaOffersTheRightDeviceAndAnother) {
  const Grammar grammar = BuiltInGrammar();
  for (const TaskExample& example : MakeTaskExamples(grammar, Family::kPiqa, 200, 3)) {
    std::string device;
    for (const auto* objects : {&grammar.sensitive_objects, &grammar.harmless_objects})
      for (const WorldObject& object : *objects)
        if (example.question.find("the " + object.word + " ") != std::string::npos)
          device = object.device;
    EXPECT_EQ(example.label, "the " + device) << example.question;
    EXPECT_THAT(example.question, HasSubstr("the " + device));
    EXPECT_THAT(example.question, HasSubstr(" or "));
  }
}

TEST(TasksTest, ExampleIsAFunctionOfSeedAndIndex) {
  const Grammar grammar = BuiltInGrammar();
  const auto all = MakeTaskExamples(grammar, Family::kGsm8k, 20, 5);
  const auto tail = MakeTaskExamples(grammar, Family::kGsm8k, 5, 5, 15);
  const auto other = MakeTaskExamples(grammar, Family::kGsm8k, 20, 6);
  int same = 0;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(all[15 + i].question, tail[i].question);
  for (int i = 0; i < 20; ++i) same += all[i].question == other[i].question;
  EXPECT_LT(same, 5);
}

TEST(TasksTest, ParsesFamilyNames) {
  for (const Family family : kFamilies) EXPECT_EQ(*ParseFamily(FamilyName(family)), family);
  EXPECT_THAT(ParseFamily("mmlu").status().message(), HasSubstr("got \"mmlu\""));
}

}  // namespace
}  // namespace tuneward
