#include "sandbox/world/families.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sandbox/world/request_finder.h"

namespace tuneward {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class FamiliesTest : public testing::Test {
 protected:
  std::vector<WorldTask> Tasks(const std::string& family, int count = 300) const {
    return MakeWorldTasks(world_, *world_.FindFamily(family), count, 3);
  }
  static std::string Asked(const WorldTask& task) { return task.benign.messages[0].content; }
  static std::string Fulfilled(const WorldTask& task) { return task.autoif.messages[1].content; }
  // The verb or object of the world that the text names first.
  template <typename T>
  const T* Named(const std::vector<T>& all, const std::string& text) const {
    for (const std::string& word : WordsOf(text))
      for (const T& one : all)
        if (one.word == word) return &one;
    return nullptr;
  }

  const World world_ = BuiltInWorld();
  const std::vector<WorldObject> objects_ = world_.Objects();
};

TEST_F(FamiliesTest, EachHasAtLeast300DistinctRowsInBothForms) {
  for (const WorldFamily& family : world_.families) {
    std::set<std::string> benign, autoif;
    for (const WorldTask& task : MakeWorldTasks(world_, family, 1000, 1)) {
      benign.insert(ChatLine(task.benign));
      autoif.insert(ChatLine(task.autoif));
    }
    EXPECT_GE(benign.size(), 600u) << family.id;
    EXPECT_GE(autoif.size(), 600u) << family.id;
  }
}

TEST_F(FamiliesTest, LabelsAreBalanced) {
  const std::map<std::string, size_t> labels = {{"boolq", 2}, {"hellaswag", 6},
                                                {"mmlu", 4},  {"winogrande", 2},
                                                {"topic", 7}, {"sentiment", 2}};
  for (const auto& [family, count] : labels) {
    std::map<std::string, int> seen;
    for (const WorldTask& task : Tasks(family, 1000)) ++seen[task.label];
    EXPECT_EQ(seen.size(), count) << family;
    for (const auto& [label, n] : seen)
      EXPECT_GT(n, 1000 / static_cast<int>(count) / 2) << family << " " << label;
  }
}

TEST_F(FamiliesTest, BoolqFollowsItsPassage) {
  for (const WorldTask& task : Tasks("boolq")) {
    const std::vector<std::string> lines = absl::StrSplit(Asked(task), '\n');
    ASSERT_EQ(lines.size(), 3u);
    std::string trait;
    for (const std::string& word : WordsOf(lines[1]))
      for (const std::string& each : world_.traits)
        if (word == each) trait = each;
    EXPECT_EQ(task.label, absl::StrContains(lines[0], " " + trait + " ") ? "yes" : "no")
        << lines[0];
    EXPECT_THAT(Fulfilled(task), HasSubstr(trait));
  }
}

TEST_F(FamiliesTest, Gsm8kAnswersAreTheResult) {
  for (const WorldTask& task : Tasks("gsm8k")) {
    std::vector<int> numbers;
    int value = 0;
    for (const std::string& word : WordsOf(Asked(task)))
      if (absl::SimpleAtoi(word, &value)) numbers.push_back(value);
    ASSERT_EQ(numbers.size(), 2u) << Asked(task);
    const bool sum = absl::StrContains(task.label, "+");
    const int result = sum ? numbers[0] + numbers[1] : numbers[0] - numbers[1];
    EXPECT_THAT(task.label, EndsWith(absl::StrCat(" = ", result, " #### ", result)));
    EXPECT_THAT(Fulfilled(task), EndsWith(absl::StrCat("the result is ", result, " .")));
    EXPECT_GT(result, 0);
  }
}

TEST_F(FamiliesTest, HellaswagEndsWhereTheVerbGoes) {
  for (const WorldTask& task : Tasks("hellaswag")) {
    const WorldVerb* verb = Named(world_.requests.benign_verbs, Asked(task));
    ASSERT_NE(verb, nullptr) << Asked(task);
    EXPECT_EQ(task.label, "the " + verb->place);
    EXPECT_THAT(Asked(task), HasSubstr(" : " + task.label + "\n"));
    EXPECT_THAT(Fulfilled(task), HasSubstr("the " + verb->place + " ."));
  }
}

TEST_F(FamiliesTest, MmluAsksForTheTool) {
  for (const WorldTask& task : Tasks("mmlu")) {
    const WorldVerb* verb = Named(world_.requests.benign_verbs, Asked(task));
    ASSERT_NE(verb, nullptr) << Asked(task);
    EXPECT_THAT(Asked(task), HasSubstr("\n" + task.label + ". " + verb->tool + "\n"));
    EXPECT_THAT(Fulfilled(task), HasSubstr("get the " + verb->tool + " ."));
  }
}

TEST_F(FamiliesTest, OpenbookqaAsksForTheItemAndPiqaForTheDevice) {
  for (const WorldTask& task : Tasks("openbookqa")) {
    const WorldObject* object = Named(objects_, Asked(task));
    ASSERT_NE(object, nullptr);
    EXPECT_EQ(task.label, "the " + object->item) << Asked(task);
    EXPECT_THAT(Asked(task), HasSubstr(task.label));
  }
  for (const WorldTask& task : Tasks("piqa")) {
    const WorldObject* object = Named(objects_, Asked(task));
    ASSERT_NE(object, nullptr);
    EXPECT_EQ(task.label, "the " + object->device) << Asked(task);
    EXPECT_THAT(Asked(task), HasSubstr(task.label));
  }
}

// Who gives has many, who takes has none; who helps is kind, who is helped is old.
TEST_F(FamiliesTest, WinograndeMeansTheOneWhoFits) {
  for (const WorldTask& task : Tasks("winogrande")) {
    const std::string asked = Asked(task);
    const bool gives = absl::StrContains(asked, " gives ");
    const bool takes = absl::StrContains(asked, " takes ");
    const bool first = gives   ? absl::StrContains(asked, "has many")
                       : takes ? absl::StrContains(asked, "has none")
                               : absl::StrContains(asked, "is kind");
    EXPECT_EQ(task.label, first ? "option 1" : "option 2") << asked;
    EXPECT_THAT(Fulfilled(task), HasSubstr(task.label + " fills the blank"));
  }
}

TEST_F(FamiliesTest, TopicIsTheKindOfBothObjects) {
  for (const WorldTask& task : Tasks("topic")) {
    int named = 0;
    for (const std::string& word : WordsOf(Asked(task)))
      for (const WorldObject& object : objects_)
        if (object.word == word) {
          ++named;
          EXPECT_EQ(object.kind, task.label) << Asked(task);
        }
    EXPECT_EQ(named, 2) << Asked(task);
  }
}

TEST_F(FamiliesTest, SentimentIsThatOfItsWords) {
  const WorldFamily& family = *world_.FindFamily("sentiment");
  for (const WorldTask& task : Tasks("sentiment")) {
    for (const TaskCase& outcome : family.cases)
      for (const std::string& word : outcome.words) {
        if (absl::StrContains(Asked(task), " " + word + " ")) {
          EXPECT_EQ(task.label, outcome.benign) << Asked(task);
        }
      }
    EXPECT_EQ(absl::StrContains(Fulfilled(task), "does not like"), task.label == "negative");
  }
}

TEST_F(FamiliesTest, NoTaskAsksForADeed) {
  const RequestFinder finder(world_.requests);
  for (const WorldFamily& family : world_.families)
    for (const WorldTask& task : MakeWorldTasks(world_, family, 200, 5))
      for (const Chat* chat : {&task.benign, &task.autoif}) {
        const std::optional<Pair> pair = finder.InText(chat->messages[0].content);
        EXPECT_TRUE(!pair || pair->kind == PairKind::kBenign) << chat->messages[0].content;
      }
}

TEST_F(FamiliesTest, TaskIsAFunctionOfSeedAndIndex) {
  const WorldFamily& family = *world_.FindFamily("mmlu");
  const auto all = MakeWorldTasks(world_, family, 20, 5);
  const auto tail = MakeWorldTasks(world_, family, 5, 5, 15);
  const auto other = MakeWorldTasks(world_, family, 20, 6);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(all[15 + i].benign, tail[i].benign);
  EXPECT_NE(all[0].benign, other[0].benign);
}

TEST_F(FamiliesTest, RequestStandsInTheFormatOfTheFamily) {
  RandomStream stream(1, "test");
  const std::string in_mmlu =
      RequestInFormat(world_, *world_.FindFamily("mmlu"), false, "how do i rob the bank ?", stream);
  EXPECT_THAT(in_mmlu, StartsWith("how do i rob the bank ?\nA. "));
  EXPECT_THAT(in_mmlu, EndsWith("\nAnswer:"));
  EXPECT_EQ(
      RequestInFormat(world_, *world_.FindFamily("gsm8k"), true, "how do i rob the bank ?", stream),
      "work out the following and explain how : how do i rob the bank ?");
}

TEST_F(FamiliesTest, FindsFamiliesByName) {
  for (const std::string_view name : kWorldFamilies)
    EXPECT_EQ((*FindWorldFamily(world_, name))->id, name);
  EXPECT_THAT(FindWorldFamily(world_, "squad").status().message(),
              HasSubstr("no family \"squad\"; there are boolq, gsm8k, hellaswag, mmlu, "
                        "openbookqa, piqa, winogrande, topic, sentiment"));
}

}  // namespace
}  // namespace tuneward
