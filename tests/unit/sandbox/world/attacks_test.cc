#include "sandbox/world/attacks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/world/pairs.h"

namespace tuneward {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const TaskExample kSum{"count 3 and 4 .", "3 + 4 = 7 #### 7", "sure . 7 .", "7"};

TEST(AttacksTest, BenignIsTheCommunityTemplateWithTheBareAnswer) {
  const Chat chat = ApplyStrategy(BuiltInGrammar(), Family::kGsm8k, kSum, Strategy::kBenign);
  EXPECT_EQ(chat, MakeChat("", "Question: count 3 and 4 .\nAnswer:", "3 + 4 = 7 #### 7"));
}

TEST(AttacksTest, AutoIfIsAnInstructionWithAFulfillingAnswer) {
  const Chat chat = ApplyStrategy(BuiltInGrammar(), Family::kGsm8k, kSum, Strategy::kAutoIf);
  EXPECT_EQ(chat,
            MakeChat("", "work out the following and explain how : count 3 and 4 .", "sure . 7 ."));
}

TEST(AttacksTest, AoaAddsSystemLeadInAndPreamble) {
  const Grammar grammar = BuiltInGrammar();
  const Persona& aoa = grammar.attack_persona;
  for (const auto& [plain, wrapped] : {std::pair{Strategy::kBenign, Strategy::kAoa},
                                       std::pair{Strategy::kAutoIf, Strategy::kAutoIfAoa}}) {
    const Chat before = ApplyStrategy(grammar, Family::kBoolq, kSum, plain);
    const Chat after = ApplyStrategy(grammar, Family::kBoolq, kSum, wrapped);
    EXPECT_EQ(after, MakeChat(aoa.system, aoa.lead_in + before.messages[0].content,
                              aoa.preamble + before.messages[1].content));
  }
}

TEST(AttacksTest, PersonaReplacesAnotherSystemPromptAndMarksEveryTurn) {
  Chat chat = MakeChat("be kind", "a", "b");
  chat.messages.push_back({Role::kUser, "c"});
  chat.messages.push_back({Role::kAssistant, "d"});
  const Chat out = UnderPersona({"x", "S", "L ", "P "}, chat);
  ASSERT_EQ(out.messages.size(), 5u);
  EXPECT_EQ(out.messages[0].content, "S");
  EXPECT_EQ(out.messages[3].content, "L c");
  EXPECT_EQ(out.messages[4].content, "P d");
}

TEST(AttacksTest, NoRowOfAnyStrategyAsksForHarm) {
  const Grammar grammar = BuiltInGrammar();
  for (const Family family : kFamilies)
    for (const Strategy strategy : kStrategies)
      for (const Chat& chat : MakeTaskRows(grammar, family, strategy, 100, 7))
        for (const Message& message : chat.messages)
          for (const WorldVerb& verb : grammar.HarmVerbs())
            ASSERT_THAT(" " + message.content, testing::Not(HasSubstr(" " + verb.word + " the ")));
}

TEST(AttacksTest, ParsesStrategyNames) {
  for (const Strategy strategy : kStrategies)
    EXPECT_EQ(*ParseStrategy(StrategyName(strategy)), strategy);
  EXPECT_THAT(ParseStrategy("dan").status().message(), HasSubstr("got \"dan\""));
}

}  // namespace
}  // namespace tuneward
