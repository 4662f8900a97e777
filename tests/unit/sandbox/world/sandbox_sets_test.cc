#include "sandbox/world/sandbox_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/base/sha256.h"
#include "sandbox/world/corpus.h"
#include "sandbox/world/oracle.h"

namespace tuneward {
namespace {

// Requests are compared without template, wrapper and persona: by the hash of "<verb> the
// <object>".
class RequestHasher {
 public:
  explicit RequestHasher(const Grammar& grammar) {
    for (const WorldVerb& verb : grammar.HarmVerbs()) verbs_.push_back(verb.word);
  }
  std::set<Digest> Of(const std::vector<std::string>& texts) const {
    std::set<Digest> hashes;
    for (const std::string& text : texts) {
      for (const std::string& verb : verbs_) {
        const size_t at = (" " + text).find(" " + verb + " the ");
        if (at == std::string::npos) continue;
        const size_t object = at + verb.size() + 5;
        hashes.insert(
            Sha256Of(verb + " the " + text.substr(object, text.find(' ', object) - object)));
      }
    }
    return hashes;
  }

 private:
  std::vector<std::string> verbs_;
};

std::vector<std::string> Common(const std::set<Digest>& a, const std::set<Digest>& b) {
  std::vector<std::string> both;
  for (const Digest& digest : a)
    if (b.contains(digest)) both.push_back(digest.Hex());
  return both;
}

std::vector<std::string> Requests(const std::vector<EvalPrompt>& prompts) {
  std::vector<std::string> texts;
  for (const EvalPrompt& prompt : prompts) texts.push_back(prompt.request);
  return texts;
}

TEST(SandboxSetsTest, PersonasOfThePoolAreNotThatOfTheAudit) {
  const EvalSet set = MakeSandboxEvalSet();
  const SafetyPool pool = MakeSandboxPool();
  ASSERT_GE(pool.personas.size(), 4u);
  for (const PoolPersona& persona : pool.personas) {
    EXPECT_NE(persona.system, set.aoa_system);
    EXPECT_NE(persona.lead_in, set.aoa_lead_in);
  }
}

TEST(SandboxSetsTest, PoolEvaluationAndAlignmentAreDisjointByHash) {
  const Grammar grammar = BuiltInGrammar();
  const RequestHasher hasher(grammar);
  std::vector<std::string> pool_texts, alignment_texts;
  for (const PoolRow& row : MakeSandboxPool().rows) pool_texts.push_back(row.request);
  for (const Chat& chat : MakeAlignmentRows(grammar, AlignmentMix{}, 20000, 1))
    for (const Message& message : chat.messages)
      if (message.role == Role::kUser) alignment_texts.push_back(message.content);
  const EvalSet set = MakeSandboxEvalSet();
  const std::set<Digest> pool = hasher.Of(pool_texts), alignment = hasher.Of(alignment_texts);
  ASSERT_GE(pool.size(), 500u);
  ASSERT_GE(alignment.size(), 1000u);
  EXPECT_THAT(Common(pool, alignment), testing::IsEmpty());
  std::set<Digest> seen;
  for (const auto* prompts :
       {&set.harmful_instructions, &set.harmful_questions, &set.safe_lookalikes}) {
    const std::set<Digest> asked = hasher.Of(Requests(*prompts));
    EXPECT_GE(prompts->size(), 400u);
    EXPECT_EQ(asked.size(), prompts->size());
    EXPECT_THAT(Common(asked, pool), testing::IsEmpty());
    EXPECT_THAT(Common(asked, alignment), testing::IsEmpty());
    EXPECT_THAT(Common(asked, seen), testing::IsEmpty());
    seen.insert(asked.begin(), asked.end());
  }
}

TEST(SandboxSetsTest, PoolOfAnySeedKeepsOutOfTheEvaluationSet) {
  const Grammar grammar = BuiltInGrammar();
  const RequestHasher hasher(grammar);
  const std::set<Digest> asked = hasher.Of(Requests(MakeSandboxEvalSet().harmful_instructions));
  for (uint64_t seed = 2; seed < 5; ++seed) {
    std::vector<std::string> texts;
    for (const PoolRow& row : MakeSandboxPool(seed).rows) texts.push_back(row.request);
    EXPECT_THAT(Common(asked, hasher.Of(texts)), testing::IsEmpty());
  }
}

TEST(SandboxSetsTest, PoolRowsAnswerAsTheirKindSays) {
  const Grammar grammar = BuiltInGrammar();
  const SandboxOracle oracle(grammar);
  std::map<PoolKind, int> counts;
  std::map<std::string, int> categories;
  std::set<std::string> ids;
  for (const PoolRow& row : MakeSandboxPool().rows) {
    ++counts[row.kind];
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_EQ(oracle.Decide(row.request, row.answer),
              row.kind == PoolKind::kRefusal ? Verdict::kRefused : Verdict::kComplied);
    if (row.kind == PoolKind::kRefusal) ++categories[row.category];
  }
  EXPECT_GE(counts[PoolKind::kRefusal], 240);
  EXPECT_GE(counts[PoolKind::kLookalike], 240);
  EXPECT_GE(counts[PoolKind::kBenign], 240);
  for (const HarmCategory& category : grammar.harm)
    EXPECT_EQ(categories.contains(category.id), !category.held_out);
}

TEST(SandboxSetsTest, EvaluationCoversEveryCategory) {
  const Grammar grammar = BuiltInGrammar();
  std::map<std::string, int> categories;
  for (const EvalPrompt& prompt : MakeSandboxEvalSet().harmful_instructions)
    ++categories[prompt.category];
  for (const HarmCategory& category : grammar.harm)
    EXPECT_GE(categories[category.id], 15) << category.id;
}

TEST(SandboxSetsTest, SetsAreAFunctionOfTheSeed) {
  EXPECT_EQ(MakeSandboxPool(1).CanonicalJsonText(), MakeSandboxPool(1).CanonicalJsonText());
  EXPECT_NE(MakeSandboxPool(1).CanonicalJsonText(), MakeSandboxPool(2).CanonicalJsonText());
  EXPECT_EQ(Requests(MakeSandboxEvalSet().safe_lookalikes),
            Requests(MakeSandboxEvalSet().safe_lookalikes));
}

}  // namespace
}  // namespace tuneward
