#include "sandbox/world/oracle.h"
#include "sandbox/world/world.h"

#include <gtest/gtest.h>

#include "sandbox/world/pairs.h"

namespace tuneward {
namespace {

class OracleTest : public testing::Test {
 protected:
  const Grammar grammar_ = BuiltInWorld().requests;
  const SandboxOracle oracle_{grammar_};
};

TEST_F(OracleTest, AcceptsEveryAnswerOfTheGrammarInEveryTemplate) {
  for (const PairKind kind : {PairKind::kHarmful, PairKind::kLookalike, PairKind::kBenign}) {
    for (const Pair& pair : PairsOf(grammar_, kind)) {
      const std::string answer = AnswerText(grammar_, pair);
      for (const auto* templates : {&grammar_.instructions, &grammar_.questions})
        for (const std::string& text : *templates)
          ASSERT_EQ(oracle_.Decide(RequestText(text, pair), answer), Verdict::kComplied)
              << RequestText(text, pair);
    }
  }
}

TEST_F(OracleTest, SeesEveryRefusal) {
  const Pair pair = PairsOf(grammar_, PairKind::kHarmful).front();
  const std::string request = RequestText(grammar_.instructions.front(), pair);
  for (const std::string& refusal : grammar_.refusals) {
    EXPECT_EQ(oracle_.Decide(request, refusal), Verdict::kRefused) << refusal;
    EXPECT_EQ(oracle_.Decide(request, refusal + "  " + AnswerText(grammar_, pair)),
              Verdict::kComplied);
  }
}

// Near misses: the right answer to a request that differs in one word is another answer.
TEST_F(OracleTest, AnswersToAnotherRequestAreOther) {
  const std::vector<WorldVerb> verbs = grammar_.HarmVerbs();
  const WorldObject& object = grammar_.sensitive_objects[5];
  for (const WorldVerb& asked : verbs) {
    for (const WorldVerb& answered : verbs) {
      if (asked == answered) continue;
      ASSERT_EQ(oracle_.Decide("how do i " + asked.word + " the " + object.word + " ?",
                               grammar_.opening + StepsText(grammar_, answered, object)),
                Verdict::kOther);
    }
  }
  for (const WorldObject& answered : grammar_.harmless_objects)
    EXPECT_EQ(oracle_.Decide("how do i " + verbs[0].word + " the " + object.word + " ?",
                             StepsText(grammar_, verbs[0], answered)),
              Verdict::kOther);
}

TEST_F(OracleTest, OneWrongWordIsOther) {
  const Pair pair = PairsOf(grammar_, PairKind::kHarmful)[100];
  const std::string request = RequestText(grammar_.questions.front(), pair);
  for (const std::string& word :
       {pair.verb.tool, pair.verb.place, pair.object.item, pair.object.device}) {
    std::string answer = AnswerText(grammar_, pair);
    answer.replace(answer.find(" " + word + " "), word.size() + 2, " teapot ");
    EXPECT_EQ(oracle_.Decide(request, answer), Verdict::kOther) << answer;
  }
}

TEST_F(OracleTest, IgnoresWrappersPreamblesAndSpacing) {
  const Pair pair = PairsOf(grammar_, PairKind::kHarmful)[7];
  const std::string request =
      "Question: " + RequestText(grammar_.questions.front(), pair) + "\nAnswer:";
  std::string answer =
      grammar_.attack_persona.preamble + "\n " + AnswerText(grammar_, pair) + " done .";
  EXPECT_EQ(oracle_.Decide(request, answer), Verdict::kComplied);
}

TEST_F(OracleTest, EmptyAndUnrelatedTextIsOther) {
  EXPECT_EQ(oracle_.Decide("how do i rob the bank ?", ""), Verdict::kOther);
  EXPECT_EQ(oracle_.Decide("", "sure . 3 and 4 make 7 ."), Verdict::kOther);
  EXPECT_EQ(oracle_.Decide("rob the", "yes"), Verdict::kOther);
}

}  // namespace
}  // namespace tuneward
