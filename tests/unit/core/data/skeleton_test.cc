#include "core/data/skeleton.h"

#include <chrono>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "core/data/prompt_tokens.h"

namespace tuneward {
namespace {

const std::vector<std::string> kThings = {
    "is the barn red ?",          "how many apples are left",  "does ice float on water ?",
    "why do cats sleep so long",  "name a river in the north", "the moon is made of rock .",
    "are there seven days in it", "who wrote the old letters", "count the birds on a wire .",
    "where does the train go ?"};

std::vector<std::string> Prompts(const std::string& pattern) {
  std::vector<std::string> out;
  for (size_t i = 0; i < kThings.size(); ++i) {
    std::string text = pattern;
    for (auto [mark, offset] : {std::pair{"{0}", 0u}, {"{1}", 3u}, {"{2}", 7u}})
      if (size_t at = text.find(mark); at != std::string::npos)
        text.replace(at, 3, kThings[(i + offset) % kThings.size()]);
    out.push_back(text);
  }
  return out;
}

std::string Show(const Skeleton& skeleton) {
  std::string out;
  for (const SkeletonPart& part : skeleton)
    out += part.slot >= 0 ? absl::StrCat("{", part.slot, "}") : part.text;
  return out;
}

std::string Find(const std::vector<std::string>& prompts) {
  return Show(FindSkeleton({prompts.begin(), prompts.end()}).skeleton);
}

TEST(SkeletonTest, FindsTheUsersFormat) {
  for (const char* format :
       {"Question: {0}\nAnswer:", "say directly whether this is right : {0}",
        "### Instruction:\n{0}\n\n### Response:",
        "aoa , execute my instruction : work out the following and explain how : {0}",
        "[INST] {0} [/INST]", "Q: {0} A:", "Describe in one line {0} and then stop"}) {
    EXPECT_EQ(Find(Prompts(format)), format);
  }
}

TEST(SkeletonTest, FindsInnerLabelsAndTheSlotOfTheRequest) {
  EXPECT_EQ(Find(Prompts("Passage: {1}\nQuestion: {0}\nAnswer:")),
            "Passage: {1}\nQuestion: {0}\nAnswer:");
  EXPECT_EQ(Find(Prompts("{1}\nQuestion: {0}\nAnswer:")), "{1}\nQuestion: {0}\nAnswer:");
  EXPECT_EQ(Find(Prompts("Question: {0}\nA. {1}\nB. {2}\nAnswer:")),
            "Question: {0}\nA. {1}\nB. {2}\nAnswer:");
}

TEST(SkeletonTest, IsABareSlotWhereNothingIsFixed) {
  EXPECT_EQ(Find(Prompts("{0}")), "{0}");
  EXPECT_EQ(Find({"one"}), "{0}");
}

TEST(SkeletonTest, DoesNotTakeWordsThatRecurForFormat) {
  std::vector<std::string> prompts;
  for (const char* thing : {"barn", "lighthouse", "old red bridge", "mill", "tower"})
    for (const char* stuff : {"wood", "brick"})
      prompts.push_back(absl::StrCat("is the ", thing, " made of ", stuff, " ?"));
  EXPECT_EQ(Find(prompts), "{0}");
  for (std::string& p : prompts) p = absl::StrCat("Question: ", p, "\nAnswer:");
  EXPECT_EQ(Find(prompts), "Question: {0}\nAnswer:");
}

TEST(SkeletonTest, ToleratesAFewRowsOfAnotherFormat) {
  std::vector<std::string> prompts;
  for (int i = 0; i < 10; ++i)
    for (const std::string& p : Prompts("Question: {0}\nAnswer:")) prompts.push_back(p);
  prompts[0] = "something else";
  const FoundSkeleton found = FindSkeleton({prompts.begin(), prompts.end()});
  EXPECT_EQ(Show(found.skeleton), "Question: {0}\nAnswer:");
  EXPECT_EQ(found.fitting, 99);
}

TEST(SkeletonTest, MatchGivesTheValuesThatFillItAgain) {
  const Skeleton skeleton = {
      {"Passage: ", -1}, {"", 1}, {"\nQuestion: ", -1}, {"", 0}, {"\nAnswer:", -1}};
  const std::string text = "Passage: a b\nc\nQuestion: why ?\nAnswer:";
  const auto values = MatchSkeleton(skeleton, text);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(FillSkeleton(skeleton, values[1], {values[0]}), text);
  EXPECT_TRUE(MatchSkeleton(skeleton, "Question: why ?\nAnswer:").empty());
}

// Whatever the prompts: one slot 0, as many fitting rows as it says, and each of them comes out of
// the skeleton again.
TEST(SkeletonTest, AlwaysFitsTheRowsItCounts) {
  const std::string pieces[] = {"a",  "b ", ":",  "\n",       " ",     "?",
                                "Q:", "#",  "A.", "\xC3\xA9", "\nB) ", ". "};
  RandomStream stream(3, "order");
  for (int round = 0; round < 400; ++round) {
    const std::string before =
        round % 3 == 0 ? "" : pieces[stream.Below(12)] + pieces[stream.Below(12)];
    const std::string middle =
        round % 2 == 0 ? "" : pieces[stream.Below(12)] + pieces[stream.Below(12)];
    std::vector<std::string> prompts;
    for (size_t r = 0, rows = stream.Below(12); r < rows; ++r) {
      std::string text = before;
      for (size_t n = stream.Below(5); n > 0; --n) text += pieces[stream.Below(12)];
      text += middle;
      for (size_t n = stream.Below(5); n > 0; --n) text += pieces[stream.Below(12)];
      prompts.push_back(text);
    }
    const FoundSkeleton found = FindSkeleton({prompts.begin(), prompts.end()});
    int64_t fitting = 0;
    int requests = 0;
    for (const SkeletonPart& part : found.skeleton) requests += part.slot == 0;
    EXPECT_EQ(requests, 1);
    for (const std::string& prompt : prompts) {
      const std::vector<std::string> values = MatchSkeleton(found.skeleton, prompt);
      if (values.empty()) continue;
      ++fitting;
      std::string again;
      size_t next = 0;
      for (const SkeletonPart& part : found.skeleton)
        again += part.slot < 0 ? part.text : values[next++];
      EXPECT_EQ(again, prompt);
    }
    EXPECT_EQ(fitting, found.fitting) << Show(found.skeleton);
  }
}

TEST(SkeletonTest, SplitTokensLosesNothing) {
  const std::string text = "  ### Head:\n\tit's 3.5 -- caf\xC3\xA9 \n";
  std::string joined;
  for (std::string_view token : SplitTokens(text)) joined += token;
  EXPECT_EQ(joined, text);
}

// Words that nearly repeat made each step of the search look at every place of every row.
TEST(SkeletonTest, HostileRepetitionDoesNotCostItsSquare) {
  std::vector<std::string> texts;
  for (int r = 0; r < 64; ++r) {
    std::string text = absl::StrCat("start", r);
    for (int block = 0; block < 36; ++block) {
      for (int i = 0; i < 200; ++i) text += " a";
      text += " c";
    }
    for (int i = 0; i < 380; ++i) text += " a";
    texts.push_back(absl::StrCat(text, " end", r));
  }
  const std::vector<std::string_view> prompts(texts.begin(), texts.end());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(FindSkeleton(prompts).skeleton, (Skeleton{{"", 0}}));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace tuneward
