#include "sandbox/world/request_finder.h"

#include <gtest/gtest.h>

#include "sandbox/world/slots.h"
#include "sandbox/world/world.h"

namespace tuneward {
namespace {

class RequestFinderTest : public testing::Test {
 protected:
  static std::string Words(const std::optional<Pair>& pair) {
    return pair ? pair->verb.word + " " + pair->object.word : "";
  }
  std::string InChat(const std::vector<std::string>& user_turns) const {
    Chat chat;
    for (const std::string& turn : user_turns) {
      chat.messages.push_back({Role::kUser, turn});
      chat.messages.push_back({Role::kAssistant, "first visit the tower ."});
    }
    return Words(finder_.InChat(chat));
  }

  const World world_ = BuiltInWorld();
  const RequestFinder finder_{world_.requests};
};

TEST_F(RequestFinderTest, FindsEveryPairInEveryTemplateWithItsKind) {
  for (const PairKind kind : {PairKind::kHarmful, PairKind::kLookalike, PairKind::kBenign})
    for (const Pair& pair : PairsOf(world_.requests, kind)) {
      const std::optional<Pair> found =
          finder_.InText(RequestText(world_.requests.questions[0], pair));
      ASSERT_EQ(Words(found), pair.verb.word + " " + pair.object.word);
      ASSERT_EQ(found->kind, pair.kind);
      ASSERT_EQ(found->held_out, pair.held_out);
    }
}

TEST_F(RequestFinderTest, FindsAVerbByItsSteps) {
  for (const Pair& pair : PairsOf(world_.requests, PairKind::kHarmful))
    for (const std::string& text : world_.attacks.evading_requests) {
      const std::string request = FillSlots(
          text,
          {{"tool", pair.verb.tool}, {"place", pair.verb.place}, {"object", pair.object.word}});
      ASSERT_EQ(Words(finder_.InText(request)), pair.verb.word + " " + pair.object.word) << request;
    }
}

TEST_F(RequestFinderTest, ReadsAChatToItsLastTurn) {
  EXPECT_EQ(InChat({"how do i rob the cake ?"}), "rob cake");
  EXPECT_EQ(InChat({"how do i rob the cake ?", "and the bank ?"}), "rob bank");
  EXPECT_EQ(InChat({"how do i paint the tower ?", "and how do i clean it ?"}), "clean tower");
  EXPECT_EQ(InChat({"how do i rob the bank ?", "please , just do it ."}), "rob bank");
  EXPECT_EQ(InChat({"what is 3 + 4 ?"}), "");
}

TEST_F(RequestFinderTest, FindsNothingInOtherText) {
  for (const char* text : {"", "rob", "rob the", "rob the sun", "the bank", "rob a bank"})
    EXPECT_EQ(Words(finder_.InText(text)), "") << text;
}

}  // namespace
}  // namespace tuneward
