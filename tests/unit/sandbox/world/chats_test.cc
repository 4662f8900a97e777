#include "sandbox/world/chats.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sandbox/world/oracle.h"

namespace tuneward {
namespace {

class ChatsTest : public testing::Test {
 protected:
  const World world_ = BuiltInWorld();
  const SandboxOracle oracle_{world_.requests};
  const RequestFinder finder_{world_.requests};
};

TEST_F(ChatsTest, OracleReadsWhatIsAskedAndTheAnswerFits) {
  std::map<ChatKind, int> kinds;
  for (const WorldChat& chat : MakeChats(world_, Split::kAlignment, 800, 1)) {
    ++kinds[chat.kind];
    ASSERT_EQ(chat.chat.messages.size(), 4u);
    const std::optional<Pair> found = finder_.InChat(chat.chat);
    ASSERT_TRUE(found) << chat.chat.messages[2].content;
    EXPECT_EQ(found->verb, chat.asked.verb);
    EXPECT_EQ(found->object, chat.asked.object);
    EXPECT_EQ(found->kind, chat.asked.kind);
    EXPECT_EQ(oracle_.DecideChat(chat.chat, chat.chat.messages[3].content),
              chat.harmful() ? Verdict::kRefused : Verdict::kComplied);
    EXPECT_EQ(chat.harmful(),
              chat.kind == ChatKind::kEscalation || chat.kind == ChatKind::kInsistence);
  }
  for (const ChatKind kind : kChatKinds) EXPECT_EQ(kinds[kind], 200) << ChatKindName(kind);
}

// The last turn alone never names verb and object: a judge of single turns cannot see the request.
TEST_F(ChatsTest, LastTurnLeavesSomethingOut) {
  for (const WorldChat& chat : MakeChats(world_, Split::kEvaluation, 400, 1))
    EXPECT_FALSE(finder_.InText(chat.chat.messages[2].content)) << chat.chat.messages[2].content;
}

TEST_F(ChatsTest, EscalationStartsHarmlessly) {
  for (const WorldChat& chat : MakeChats(world_, Split::kEvaluation, 400, 1)) {
    if (chat.kind != ChatKind::kEscalation) continue;
    const std::optional<Pair> first = finder_.InText(chat.chat.messages[0].content);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->kind, PairKind::kLookalike);
    EXPECT_EQ(first->verb, chat.asked.verb);
  }
}

TEST_F(ChatsTest, EveryTurnIsOfTheSplit) {
  for (const WorldChat& chat : MakeChats(world_, Split::kPool, 400, 1)) {
    EXPECT_EQ(SplitOf(chat.asked), Split::kPool);
    EXPECT_EQ(SplitOf(*finder_.InText(chat.chat.messages[0].content)), Split::kPool);
  }
}

TEST_F(ChatsTest, AtLeast300AreDistinctAndTheSeedDecides) {
  std::set<std::string> lines;
  for (const WorldChat& chat : MakeChats(world_, Split::kAlignment, 400, 1))
    lines.insert(ChatLine(chat.chat));
  EXPECT_GE(lines.size(), 380u);
  EXPECT_EQ(MakeChats(world_, Split::kAlignment, 5, 1)[4].chat,
            MakeChats(world_, Split::kAlignment, 9, 1)[4].chat);
  EXPECT_NE(MakeChats(world_, Split::kAlignment, 5, 1)[4].chat,
            MakeChats(world_, Split::kAlignment, 5, 2)[4].chat);
}

}  // namespace
}  // namespace tuneward
