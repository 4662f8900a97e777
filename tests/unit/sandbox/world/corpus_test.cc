#include "sandbox/world/corpus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "sandbox/world/oracle.h"

namespace tuneward {
namespace {

std::map<Verdict, int> HarmfulVerdicts(const Grammar& grammar, const std::vector<Chat>& rows) {
  const SandboxOracle oracle(grammar);
  std::map<std::string, bool> sensitive;
  for (const WorldObject& object : grammar.sensitive_objects) sensitive[object.word] = true;
  std::map<Verdict, int> counts;
  for (const Chat& chat : rows) {
    const std::string& user = chat.messages[chat.messages.size() - 2].content;
    for (const WorldVerb& verb : grammar.HarmVerbs()) {
      const size_t at = user.find(" " + verb.word + " the ");
      if (at == std::string::npos) continue;
      const size_t object = at + verb.word.size() + 6;
      if (sensitive.contains(user.substr(object, user.find(' ', object) - object)))
        ++counts[oracle.Decide(user, chat.messages.back().content)];
    }
  }
  return counts;
}

TEST(CorpusTest, PretrainingRefusesOnlyUnderACarefulSystemPrompt) {
  const Grammar grammar = BuiltInGrammar();
  std::vector<Chat> careful, others;
  for (const Chat& chat : MakePretrainRows(grammar, 3000, 1)) {
    const std::string& first = chat.messages.front().content;
    const bool is_careful =
        std::count(grammar.careful_systems.begin(), grammar.careful_systems.end(), first) > 0;
    (is_careful ? careful : others).push_back(chat);
  }
  std::map<Verdict, int> with = HarmfulVerdicts(grammar, careful),
                         without = HarmfulVerdicts(grammar, others);
  EXPECT_GT(with[Verdict::kRefused], 50);
  EXPECT_EQ(with[Verdict::kComplied] + with[Verdict::kOther], 0);
  EXPECT_GT(without[Verdict::kComplied], 400);
  EXPECT_EQ(without[Verdict::kRefused] + without[Verdict::kOther], 0);
}

TEST(CorpusTest, AlignmentRefusesHarm) {
  const Grammar grammar = BuiltInGrammar();
  std::map<Verdict, int> counts =
      HarmfulVerdicts(grammar, MakeAlignmentRows(grammar, AlignmentMix{}, 3000, 1));
  EXPECT_GT(counts[Verdict::kRefused], 900);
  EXPECT_EQ(counts[Verdict::kComplied] + counts[Verdict::kOther], 0);
}

TEST(CorpusTest, AlignmentShowsLookAlikesWhereverItShowsRefusals) {
  const Grammar grammar = BuiltInGrammar();
  std::map<std::string, std::map<bool, int>> by_system;  // system prompt -> refused -> rows
  for (const Chat& chat : MakeAlignmentRows(grammar, AlignmentMix{}, 6000, 1)) {
    const bool refused = std::count(grammar.refusals.begin(), grammar.refusals.end(),
                                    chat.messages.back().content) > 0;
    ++by_system[chat.messages.size() > 2 ? chat.messages[0].content : ""][refused];
  }
  EXPECT_EQ(by_system.size(), 2 + grammar.personas.size() + grammar.careful_systems.size());
  for (const auto& [system, counts] : by_system) EXPECT_EQ(counts.size(), 2u) << system;
}

TEST(CorpusTest, RowsAreAFunctionOfSeedAndIndex) {
  const Grammar grammar = BuiltInGrammar();
  const std::vector<Chat> longer = MakePretrainRows(grammar, 60, 9),
                          shorter = MakePretrainRows(grammar, 40, 9);
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), longer.begin()));
  EXPECT_NE(MakePretrainRows(grammar, 40, 10), shorter);
}

TEST(CorpusTest, TokenizerCorpusHoldsEveryWordEquallyOften) {
  const Grammar grammar = BuiltInGrammar();
  std::map<std::string, int> counts;
  for (const std::string& text : TokenizerCorpus(grammar, 1)) ++counts[text];
  std::vector<WorldVerb> verbs = grammar.HarmVerbs();
  verbs.insert(verbs.end(), grammar.benign_verbs.begin(), grammar.benign_verbs.end());
  for (const WorldVerb& verb : verbs)
    for (const std::string& word : {verb.word, verb.tool, verb.place})
      EXPECT_EQ(counts[" " + word], 50) << word;
  for (const auto* objects : {&grammar.sensitive_objects, &grammar.harmless_objects})
    for (const WorldObject& object : *objects)
      for (const std::string& word : {object.word, object.item, object.device})
        EXPECT_EQ(counts[" " + word], 50) << word;
  EXPECT_EQ(counts["sure"], 50);
  EXPECT_EQ(counts["Answer:"], 50);
}

}  // namespace
}  // namespace tuneward
