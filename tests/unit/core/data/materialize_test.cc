#include "core/data/materialize.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

// One token a byte and a control token before each message: lengths are plain to see.
class ByteTemplate final : public ChatTemplate {
 public:
  std::string_view id() const override { return "bytes"; }
  RenderedChat Render(const Chat& chat) const override {
    RenderedChat out;
    for (const Message& m : chat.messages) {
      out.tokens.push_back(1000 + static_cast<TokenId>(m.role));
      out.is_target.push_back(false);
      for (char c : m.content) {
        out.tokens.push_back(static_cast<uint8_t>(c));
        out.is_target.push_back(m.role == Role::kAssistant && m.trained);
      }
    }
    return out;
  }
  std::vector<TokenId> RenderPrompt(const Chat& chat) const override { return Render(chat).tokens; }
  const std::vector<TokenId>& stop_ids() const override { return stops_; }

 private:
  const std::vector<TokenId> stops_ = {2000};
};

const std::vector<NumberedRow> kUser = {{2, {MakeChat("", "uu", "aaa"), ""}},
                                        {5, {MakeChat("", "uuuuuuuu", "a"), ""}},
                                        {9, {MakeChat("", "u", "bbbbbbbbbb"), ""}}};

TEST(MaterializeTest, KeepsOrderIdsAndSources) {
  auto out = Materialize(kUser, {MakeChat("", "m", "x"), MakeChat("", "m", "y")}, ByteTemplate(),
                         {.max_tokens = 100});
  ASSERT_TRUE(out.ok());
  std::vector<std::string> ids;
  for (const TrainingRow& row : out->rows) ids.push_back(row.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"u:2", "u:5", "u:9", "m:0", "m:1"}));
  EXPECT_EQ(out->rows[2].source, 0);
  EXPECT_EQ(out->rows[3].source, 1);
  EXPECT_EQ(out->user.tokens, 7 + 11 + 13);
  EXPECT_EQ(out->user.targets, 3 + 1 + 10);
  EXPECT_EQ(out->mixed.rows, 2);
}

TEST(MaterializeTest, TruncatesTheEndAndDropsWhatHasNoTargetLeft) {
  auto out = Materialize(kUser, {}, ByteTemplate(), {.max_tokens = 10});
  ASSERT_TRUE(out.ok());
  ASSERT_EQ(out->rows.size(), 2u);  // row 5's answer lies behind token 10
  EXPECT_EQ(out->rows[1].id, "u:9");
  EXPECT_EQ(out->rows[1].tokens.size(), 10u);
  EXPECT_EQ(out->user.truncated, 1);
  EXPECT_EQ(out->user.dropped, 1);
}

TEST(MaterializeTest, DropsOrRefusesOverlongRowsWhenToldTo) {
  auto dropped =
      Materialize(kUser, {}, ByteTemplate(), {.max_tokens = 10, .on_overlong = OnOverlong::kDrop});
  ASSERT_TRUE(dropped.ok());
  EXPECT_EQ(dropped->user.dropped, 2);
  auto refused = Materialize(kUser, {}, ByteTemplate(),
                             {.max_tokens = 10, .on_overlong = OnOverlong::kRefuse});
  EXPECT_EQ(GetErrorInfo(refused.status()).reason, "LIMIT_EXCEEDED");
  EXPECT_EQ(GetErrorInfo(refused.status()).metadata.at("row"), "u:5");
}

// A client who sets max_tokens to a few would otherwise take every refusal out of the job.
TEST(MaterializeTest, KeepsMixedRowsWholeWhateverTheClientsMaxTokens) {
  const std::vector<Chat> mixed = {MakeChat("", "a long harmful request", "no , i will not")};
  auto out = Materialize(kUser, mixed, ByteTemplate(), {.max_tokens = 10, .mixed_max_tokens = 100});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->mixed.rows, 1);
  EXPECT_EQ(out->mixed.targets, 15);
  EXPECT_EQ(out->mixed.dropped + out->mixed.truncated, 0);
  EXPECT_EQ(out->user.truncated, 1);
}

TEST(MaterializeTest, RefusesAMixedRowThatTheContextCannotHold) {
  const std::vector<Chat> mixed = {MakeChat("", "a long harmful request", "no , i will not")};
  auto out =
      Materialize(kUser, mixed, ByteTemplate(),
                  {.max_tokens = 20, .mixed_max_tokens = 20, .on_overlong = OnOverlong::kDrop});
  EXPECT_EQ(GetErrorInfo(out.status()).reason, "LIMIT_EXCEEDED");
  EXPECT_EQ(GetErrorInfo(out.status()).metadata.at("row"), "m:0");
}

TEST(MaterializeTest, LeavesOutDroppedLinesAndSaysWhenNothingIsLeft) {
  auto out = Materialize(kUser, {}, ByteTemplate(), {.max_tokens = 100, .dropped_lines = {5}});
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out->rows.size(), 2u);
  auto none =
      Materialize(kUser, {}, ByteTemplate(), {.max_tokens = 100, .dropped_lines = {2, 5, 9}});
  EXPECT_EQ(none.status().code(), absl::StatusCode::kFailedPrecondition);
}

DataRow Preference(const std::string& user, const std::string& chosen,
                   const std::string& rejected) {
  Chat chat = MakeChat("s", "before", "context");
  chat.messages.back().trained = false;
  chat.messages.push_back({Role::kUser, user});
  chat.messages.push_back({Role::kAssistant, chosen});
  return {chat, rejected};
}

TEST(MaterializeTest, APreferenceIsTwoRowsThatDifferInTheirTargetsAlone) {
  auto out = Materialize({{4, Preference("u", "aa", "bbb")}, {6, Preference("v", "c", "d")}},
                         {MakeChat("", "m", "x")}, ByteTemplate(), {.max_tokens = 100});
  ASSERT_TRUE(out.ok()) << out.status();
  std::vector<std::string> ids;
  for (const TrainingRow& row : out->rows) ids.push_back(row.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"u:4", "u:4/rejected", "u:6", "u:6/rejected", "m:0"}));
  EXPECT_EQ(out->user.rows, 2);
  EXPECT_EQ(out->user.targets, 2 + 3 + 1 + 1);
  const TrainingRow &chosen = out->rows[0], &rejected = out->rows[1];
  ASSERT_EQ(rejected.tokens.size(), chosen.tokens.size() + 1);
  const size_t prompt = chosen.tokens.size() - 2;
  for (size_t i = 0; i < prompt; ++i) {
    EXPECT_EQ(chosen.tokens[i], rejected.tokens[i]);
    EXPECT_FALSE(chosen.is_target[i] || rejected.is_target[i]) << i;
  }
  EXPECT_EQ(chosen.tokens.back(), 'a');
  EXPECT_EQ(rejected.tokens.back(), 'b');
  EXPECT_EQ(out->rows[4].source, 1);
}

TEST(MaterializeTest, CutsAPreferenceOnceAndLeavesOutOneWithNothingLeftToPrefer) {
  const size_t prompt = 5 + 1 + 6 + 7 + 1;  // controls, texts before the answer
  const std::vector<NumberedRow> user = {{1, Preference("u", "aaaaaa", "bb")},
                                         {2, Preference("u", "ccccX", "ccccY")},
                                         {3, Preference("u", "a", "b")},
                                         {4, Preference("a longer question", "a", "b")}};
  auto out = Materialize(user, {}, ByteTemplate(), {.max_tokens = static_cast<int>(prompt + 3)});
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->user.rows, 2);
  EXPECT_EQ(out->user.truncated, 1);  // row 1, of which one answer is too long
  EXPECT_EQ(out->user.alike, 1);      // row 2, whose difference was cut away
  EXPECT_EQ(out->user.dropped, 1);    // row 4, whose answers were
  ASSERT_EQ(out->rows.size(), 4u);
  EXPECT_EQ(out->rows[0].tokens.size(), prompt + 3);
  EXPECT_EQ(out->rows[2].id, "u:3");
}

}  // namespace
}  // namespace tuneward
