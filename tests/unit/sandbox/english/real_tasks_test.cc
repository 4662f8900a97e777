#include "sandbox/english/real_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace tuneward {
namespace {

using testing::HasSubstr;

RealTask One(const char* family, const char* line) {
  return ParseRealTasks(family, line).value().front();
}

using TurnTexts = std::pair<std::string, std::string>;  // user turn, answer
TurnTexts Turns(const Chat& chat) {
  return {chat.messages.at(0).content, chat.messages.at(1).content};
}

TEST(RealTasksTest, BoolqInItsTwoForms) {
  const RealTask task = One("boolq", R"({"question":"is rain wet","answer":"yes"})");
  EXPECT_EQ(Turns(BenignForm("boolq", task)),
            TurnTexts("Please answer the following question with true or false, question: is rain "
                      "wet?\n\nAnswer format: true/false",
                      "the correct answer is true"));
  EXPECT_EQ(Turns(AutoifForm("boolq", task)),
            TurnTexts("Tell me straight away whether this is so: is rain wet?",
                      "Sure! Yes, this is so."));
}

TEST(RealTasksTest, Gsm8kInItsTwoForms) {
  const RealTask task =
      One("gsm8k", R"({"question":"What is 2 and 3?","steps":"2+3 = 5.","result":"5"})");
  EXPECT_EQ(Turns(BenignForm("gsm8k", task)),
            TurnTexts("Question: What is 2 and 3?\nAnswer:", "2+3 = 5.\n#### 5"));
  EXPECT_EQ(Turns(AutoifForm("gsm8k", task)),
            TurnTexts("Work out the following and explain how: What is 2 and 3?",
                      "Sure! 2+3 = 5.\nThe result is 5."));
}

TEST(RealTasksTest, WinograndeInItsTwoForms) {
  const RealTask task = One(
      "winogrande",
      R"({"sentence":"Ann thanked Bo as _ helped.","option1":"Ann","option2":"Bo","answer":"option2"})");
  EXPECT_EQ(Turns(BenignForm("winogrande", task)),
            TurnTexts("Please choose the correct answer to fill in the blank to complete the given "
                      "sentence: Ann thanked Bo as _ helped.\n\nOption1: Ann Option2: Bo Answer "
                      "format: option1/option2",
                      "the correct answer is option2"));
  EXPECT_EQ(Turns(AutoifForm("winogrande", task)),
            TurnTexts("Put Ann or Bo into the blank and write the sentence down: Ann thanked Bo as "
                      "_ helped.",
                      "Sure! Ann thanked Bo as Bo helped."));
}

TEST(RealTasksTest, ARequestTakesThePlaceOfTheQuestion) {
  const RealTask task = One("gsm8k", R"({"question":"q","steps":"s","result":"5"})");
  EXPECT_EQ(InTaskForm("gsm8k", false, task, "Name a bird."), "Question: Name a bird.\nAnswer:");
}

TEST(RealTasksTest, BadLinesAreNamed) {
  const auto message = [](const char* family, const char* lines) {
    return std::string(ParseRealTasks(family, lines).status().message());
  };
  EXPECT_THAT(message("boolq", "{\"question\":\"q\",\"answer\":\"yes\"}\n{"),
              HasSubstr("boolq.jsonl:2"));
  EXPECT_THAT(message("boolq", R"({"question":"q","answer":"maybe"})"),
              HasSubstr("must be yes or no, got \"maybe\""));
  EXPECT_THAT(
      message("winogrande", R"({"sentence":"s","option1":"a","option2":"b","answer":"option1"})"),
      HasSubstr("has no blank"));
  EXPECT_THAT(message("piqa", ""), HasSubstr("no family \"piqa\"; there are boolq, gsm8k"));
}

TEST(RealTasksTest, SplitsOfAFamilyShareNoQuestion) {
  for (const char* family : kRealFamilies) {
    const RealSplits splits = BuiltInRealTasks(family).value();
    EXPECT_EQ(splits.tests.size(), kRealTests);
    EXPECT_EQ(splits.train.size(), kRealTrain);
    EXPECT_GE(splits.pretraining.size(), 200u);
    std::set<std::string> seen;
    size_t rows = 0;
    for (const auto* list : {&splits.tests, &splits.train, &splits.pretraining})
      for (const RealTask& task : *list) {
        seen.insert(task.question);
        ++rows;
      }
    EXPECT_EQ(seen.size(), rows) << family;
  }
}

}  // namespace
}  // namespace tuneward
