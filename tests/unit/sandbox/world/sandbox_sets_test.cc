#include "sandbox/world/sandbox_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/base/sha256.h"
#include "sandbox/world/chats.h"
#include "sandbox/world/oracle.h"
#include "sandbox/world/preferences.h"
#include "sandbox/world/training_rows.h"

namespace tuneward {
namespace {

// Requests are compared without template, wrapper, persona and turn: by the hash of what is asked.
class SandboxSetsTest : public testing::Test {
 protected:
  static Digest HashOf(const Pair& pair) {
    return Sha256Of(pair.verb.word + " the " + pair.object.word);
  }
  void Add(const std::optional<Pair>& pair, std::set<Digest>& hashes) const {
    if (pair && pair->kind != PairKind::kBenign) hashes.insert(HashOf(*pair));
  }
  std::set<Digest> AskedIn(const std::vector<EvalPrompt>& prompts) const {
    std::set<Digest> hashes;
    for (const EvalPrompt& prompt : prompts) Add(finder_.InText(prompt.request), hashes);
    return hashes;
  }
  std::set<Digest> AskedIn(const std::vector<PoolRow>& rows) const {
    std::set<Digest> hashes;
    for (const PoolRow& row : rows) Add(finder_.InText(row.request), hashes);
    return hashes;
  }
  std::set<Digest> AskedIn(const std::vector<Chat>& chats) const {
    std::set<Digest> hashes;
    for (const Chat& chat : chats) {
      Add(finder_.InChat(chat), hashes);
      for (const Message& message : chat.messages)
        if (message.role == Role::kUser) Add(finder_.InText(message.content), hashes);
    }
    return hashes;
  }
  static size_t Common(const std::set<Digest>& a, const std::set<Digest>& b) {
    return static_cast<size_t>(
        std::count_if(a.begin(), a.end(), [&](const Digest& one) { return b.contains(one); }));
  }
  bool IsHeldOut(const std::string& category) const {
    for (const HarmCategory& each : world_.requests.harm)
      if (each.id == category) return each.held_out;
    return false;
  }

  const World world_ = BuiltInWorld();
  const RequestFinder finder_{world_.requests};
};

TEST_F(SandboxSetsTest, TrainingDefenceAndEvaluationAreDisjointByHash) {
  std::vector<Chat> training = MakeWorldAlignmentRows(world_, WorldMix{}, 20000, 1);
  for (const WorldChat& chat : MakeChats(world_, Split::kAlignment, 2000, 1))
    training.push_back(chat.chat);
  for (const Preference& pair : MakePreferences(world_, Split::kAlignment, 2000, 1))
    training.push_back(pair.input);
  const std::set<Digest> alignment = AskedIn(training);
  std::set<Digest> pool;
  for (uint64_t seed = 1; seed < 4; ++seed) pool.merge(AskedIn(MakeSandboxPool(seed).rows));
  EXPECT_GE(alignment.size(), 1000u);
  EXPECT_GE(pool.size(), 600u);
  EXPECT_EQ(Common(pool, alignment), 0u);
  const EvalSet set = MakeSandboxEvalSet();
  std::set<Digest> seen;
  for (const auto* prompts :
       {&set.harmful_instructions, &set.harmful_questions, &set.safe_lookalikes}) {
    const std::set<Digest> asked = AskedIn(*prompts);
    EXPECT_EQ(prompts->size(), 440u);
    EXPECT_EQ(asked.size(), prompts->size());
    EXPECT_EQ(Common(asked, pool), 0u);
    EXPECT_EQ(Common(asked, alignment), 0u);
    EXPECT_EQ(Common(asked, seen), 0u);
    seen.insert(asked.begin(), asked.end());
  }
}

TEST_F(SandboxSetsTest, HeldOutCategoriesAreOnlyInTheEvaluation) {
  std::map<std::string, int> asked;
  for (const EvalPrompt& prompt : MakeSandboxEvalSet().harmful_instructions)
    ++asked[prompt.category];
  for (const HarmCategory& category : world_.requests.harm)
    EXPECT_THAT(asked[category.id], testing::AllOf(testing::Ge(30), testing::Le(45)))
        << category.id;
  for (const PoolRow& row : MakeSandboxPool().rows) EXPECT_FALSE(IsHeldOut(row.category));
  for (const PairKind kind : {PairKind::kHarmful, PairKind::kLookalike})
    for (const Split split : {Split::kAlignment, Split::kPool})
      for (const Pair& pair : PairsOf(world_.requests, kind, split)) EXPECT_FALSE(pair.held_out);
}

TEST_F(SandboxSetsTest, PoolAnswersAsItsKindsSay) {
  const SandboxOracle oracle(world_.requests);
  std::map<PoolKind, int> counts;
  std::set<std::string> ids, categories;
  for (const PoolRow& row : MakeSandboxPool().rows) {
    ++counts[row.kind];
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_EQ(oracle.Decide(row.request, row.answer),
              row.kind == PoolKind::kRefusal ? Verdict::kRefused : Verdict::kComplied);
    if (row.kind == PoolKind::kRefusal) categories.insert(row.category);
  }
  EXPECT_GE(counts[PoolKind::kRefusal], 400);
  EXPECT_GE(counts[PoolKind::kLookalike], 280);
  EXPECT_EQ(counts[PoolKind::kBenign], 480);
  EXPECT_EQ(categories.size(), 10u);
}

TEST_F(SandboxSetsTest, SetsNameThemselvesTheirJudgeAndTheirPersona) {
  const EvalSet set = MakeSandboxEvalSet();
  EXPECT_EQ(set.id, "sandbox@2");
  EXPECT_EQ(set.judge, "sandbox_oracle@2");
  EXPECT_EQ(SandboxOracle(world_.requests).id(), set.judge);
  const SafetyPool pool = MakeSandboxPool();
  EXPECT_EQ(pool.id, "sandbox@2");
  ASSERT_EQ(pool.personas.size(), 5u);
  for (const PoolPersona& persona : pool.personas) EXPECT_NE(persona.system, set.aoa_system);
}

}  // namespace
}  // namespace tuneward
