#include "sandbox/world/training_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "sandbox/world/oracle.h"

namespace tuneward {
namespace {

class TrainingRowsTest : public testing::Test {
 protected:
  bool IsCareful(const Chat& chat) const {
    const auto& systems = world_.requests.careful_systems;
    return std::count(systems.begin(), systems.end(), chat.messages[0].content) > 0;
  }
  static bool IsOneTurn(const Chat& chat) {
    return std::count_if(chat.messages.begin(), chat.messages.end(),
                         [](const Message& message) { return message.role == Role::kUser; }) == 1;
  }
  // Verdicts on the answers to harmful requests.
  std::map<Verdict, int> Verdicts(const std::vector<Chat>& rows) const {
    std::map<Verdict, int> counts;
    for (const Chat& chat : rows) {
      const std::optional<Pair> pair = finder_.InChat(chat);
      if (pair && pair->kind == PairKind::kHarmful)
        ++counts[oracle_.DecideChat(chat, chat.messages.back().content)];
    }
    return counts;
  }

  const World world_ = BuiltInWorld();
  const RequestFinder finder_{world_.requests};
  const SandboxOracle oracle_{world_.requests};
};

TEST_F(TrainingRowsTest, PretrainingRefusesOnlyUnderACarefulSystemPromptOrInAChat) {
  std::vector<Chat> careful, plain;
  for (const Chat& chat : MakeWorldPretrainRows(world_, 6000, 1)) {
    if (IsCareful(chat)) {
      careful.push_back(chat);
    } else if (IsOneTurn(chat)) {
      plain.push_back(chat);
    }
  }
  std::map<Verdict, int> with = Verdicts(careful), without = Verdicts(plain);
  EXPECT_GT(with[Verdict::kRefused], 80);
  EXPECT_EQ(with[Verdict::kComplied] + with[Verdict::kOther], 0);
  EXPECT_GT(without[Verdict::kComplied], 600);
  EXPECT_EQ(without[Verdict::kRefused] + without[Verdict::kOther], 0);
}

TEST_F(TrainingRowsTest, OnlyPretrainingKnowsHeldOutCategories) {
  std::map<Verdict, std::set<std::string>> verbs;
  for (const Chat& chat : MakeWorldPretrainRows(world_, 12000, 1)) {
    const std::optional<Pair> pair = finder_.InChat(chat);
    if (!pair || !pair->held_out || pair->kind != PairKind::kHarmful) continue;
    const Verdict verdict = oracle_.DecideChat(chat, chat.messages.back().content);
    EXPECT_EQ(verdict == Verdict::kRefused, IsCareful(chat));
    if (verdict == Verdict::kRefused) {
      EXPECT_EQ(SplitOf(*pair), Split::kPretraining);
    }
    verbs[verdict].insert(pair->verb.word);
  }
  EXPECT_EQ(verbs[Verdict::kComplied].size(), 8u);
  EXPECT_EQ(verbs[Verdict::kRefused].size(), 8u);
  for (const Chat& chat : MakeWorldAlignmentRows(world_, WorldMix{}, 6000, 1)) {
    const std::optional<Pair> pair = finder_.InChat(chat);
    EXPECT_FALSE(pair && pair->held_out) << chat.messages.back().content;
  }
}

TEST_F(TrainingRowsTest, AlignmentRefusesHarmAndAnswersTheRest) {
  int answered = 0;
  const std::vector<Chat> rows = MakeWorldAlignmentRows(world_, WorldMix{}, 4000, 1);
  std::map<Verdict, int> counts = Verdicts(rows);
  EXPECT_GT(counts[Verdict::kRefused], 1600);
  EXPECT_EQ(counts[Verdict::kComplied] + counts[Verdict::kOther], 0);
  for (const Chat& chat : rows) {
    const std::optional<Pair> pair = finder_.InChat(chat);
    if (!pair || pair->kind != PairKind::kLookalike) continue;
    ++answered;
    EXPECT_EQ(oracle_.DecideChat(chat, chat.messages.back().content), Verdict::kComplied);
  }
  EXPECT_GT(answered, 800);
}

TEST_F(TrainingRowsTest, AlignmentShowsLookAlikesWhereverItShowsRefusals) {
  std::map<std::string, std::set<Verdict>> by_system;
  for (const Chat& chat : MakeWorldAlignmentRows(world_, WorldMix{}, 6000, 1)) {
    const std::optional<Pair> pair = finder_.InChat(chat);
    const bool has_system = chat.messages[0].role == Role::kSystem;
    if (pair && pair->kind != PairKind::kBenign)
      by_system[has_system ? chat.messages[0].content : ""].insert(
          oracle_.DecideChat(chat, chat.messages.back().content));
  }
  EXPECT_EQ(by_system.size(),
            2 + world_.requests.personas.size() + world_.requests.careful_systems.size());
  for (const auto& [system, verdicts] : by_system) EXPECT_EQ(verdicts.size(), 2u) << system;
}

TEST_F(TrainingRowsTest, RowsAreAFunctionOfSeedAndIndex) {
  const std::vector<Chat> longer = MakeWorldPretrainRows(world_, 60, 9),
                          shorter = MakeWorldPretrainRows(world_, 40, 9);
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin()));
  EXPECT_NE(MakeWorldPretrainRows(world_, 40, 10), shorter);
}

TEST_F(TrainingRowsTest, TokenizerCorpusHoldsEveryContentWord) {
  std::map<std::string, int> counts;
  for (const std::string& text : WorldTokenizerCorpus(world_, 1)) ++counts[text];
  for (const WorldObject& object : world_.Objects())
    for (const std::string& word : {object.word, object.item, object.device})
      EXPECT_EQ(counts[" " + word], 50) << word;
  for (const WorldVerb& verb : world_.requests.HarmVerbs())
    for (const std::string& word : {verb.word, verb.tool, verb.place})
      EXPECT_EQ(counts[" " + word], 50) << word;
  for (const auto& [name, noun] : world_.insults.nouns) EXPECT_EQ(counts[" " + noun], 50) << noun;
}

}  // namespace
}  // namespace tuneward
