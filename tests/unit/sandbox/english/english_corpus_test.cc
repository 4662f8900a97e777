#include "sandbox/english/english_corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "core/judge/refusal_lexicon.h"
#include "sandbox/english/english_sets.h"

namespace tuneward {
namespace {

constexpr int kRows = 3000;

std::string TextOf(const std::vector<Chat>& chats) {
  std::string all;
  for (const Chat& chat : chats)
    for (const Message& message : chat.messages) all += message.content + "\n";
  return all;
}

TEST(EnglishCorpusTest, RowsDependOnTheirNumberAndSeedAlone) {
  const EnglishCorpus corpus;
  const std::vector<Chat> few = corpus.PretrainRows(10, 1), more = corpus.PretrainRows(20, 1);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), more.begin()));
  EXPECT_NE(few, corpus.PretrainRows(10, 2));
  EXPECT_NE(corpus.AlignmentRows(10, 1), corpus.AlignmentRows(10, 2));
}

TEST(EnglishCorpusTest, HoldsNothingOfPoolEvaluationUserOrTest) {
  const EnglishCorpus corpus;
  const std::string text =
      TextOf(corpus.PretrainRows(kRows, 1)) + TextOf(corpus.AlignmentRows(kRows, 1));
  const auto absent = [&](const std::string& request) {
    EXPECT_EQ(text.find(request), std::string::npos) << request;
  };
  for (const EvalPrompt& prompt : EnglishEvalSet().harmful_instructions) absent(prompt.request);
  for (const EvalPrompt& prompt : EnglishEvalSet().safe_lookalikes) absent(prompt.request);
  for (const PoolRow& row : EnglishPool().rows)
    if (row.kind != PoolKind::kBenign) absent(row.request);
  for (const char* family : kRealFamilies) {
    const RealSplits splits = BuiltInRealTasks(family).value();
    for (const RealTask& task : splits.tests) absent(task.question);
    for (const RealTask& task : splits.train) absent(task.question);
  }
}

// In pre-training none but a careful voice refuses, and what is harmful stands nowhere else.
TEST(EnglishCorpusTest, PretrainingRefusesUnderACarefulVoiceAlone) {
  const EnglishText& text = BuiltInEnglish();
  const std::set<std::string> careful(text.careful.begin(), text.careful.end());
  int refused = 0;
  for (const Chat& chat : EnglishCorpus().PretrainRows(kRows, 1)) {
    if (careful.contains(chat.messages.front().content)) {
      refused += FindRefusalLexicon("xstest")->Matches(chat.messages.back().content);
      continue;
    }
    for (const Message& message : chat.messages) {
      EXPECT_FALSE(message.role == Role::kAssistant &&
                   FindRefusalLexicon("xstest")->Matches(message.content))
          << message.content;
      for (const EnglishRequest& row : text.harmful)
        EXPECT_EQ(message.content.find(row.request), std::string::npos) << message.content;
    }
  }
  EXPECT_GT(refused, kRows / 40);
}

TEST(EnglishCorpusTest, AlignmentRefusesInEveryForm) {
  int refused = 0, under_persona = 0;
  for (const Chat& chat : EnglishCorpus().AlignmentRows(kRows, 1)) {
    if (!FindRefusalLexicon("xstest")->Matches(chat.messages.back().content)) continue;
    ++refused;
    if (chat.messages.front().content == BuiltInEnglish().attack_persona.system) ++under_persona;
  }
  EXPECT_NEAR(1.0 * refused / kRows, 0.46, 0.03);  // 12 + 14 + 18 and half of 4 %
  EXPECT_GT(under_persona, kRows / 50);
}

TEST(EnglishSetsTest, PoolAndEvaluationShareNothing) {
  const SafetyPool pool = EnglishPool();
  const EvalSet set = EnglishEvalSet();
  EXPECT_EQ(set.harmful_instructions.size(), 138u);
  EXPECT_EQ(set.safe_lookalikes.size(), 250u);
  std::set<std::string> asked;
  for (const auto* list : {&set.harmful_instructions, &set.safe_lookalikes})
    for (const EvalPrompt& prompt : *list) asked.insert(prompt.request);
  int kinds[3] = {};
  for (const PoolRow& row : pool.rows) {
    EXPECT_FALSE(asked.contains(row.request)) << row.request;
    ++kinds[static_cast<int>(row.kind)];
  }
  EXPECT_EQ(kinds[0], 128);
  EXPECT_EQ(kinds[1], 145);
  EXPECT_EQ(kinds[2], 246);
  EXPECT_TRUE(SafetyPool::Parse(pool.CanonicalJsonText()).ok());
  EXPECT_TRUE(EvalSet::Parse(set.CanonicalJsonText()).ok());
}

}  // namespace
}  // namespace tuneward
