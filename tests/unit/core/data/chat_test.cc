#include "core/data/chat.h"

#include <gtest/gtest.h>

#include "core/data/data_row.h"

namespace tuneward {
namespace {

Chat ReadChat(std::string_view line, Violations& problems) {
  std::optional<DataFormat> format = DataFormat::kChat;
  return ReadRow(line, format, problems).chat;
}

TEST(ChatTest, ReadsRolesContentAndWeight) {
  Violations problems;
  const Chat chat =
      ReadChat(R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"},)"
               R"({"role":"assistant","content":"a","weight":0},{"role":"user","content":"v"},)"
               R"({"role":"assistant","content":"b","weight":1}]})",
               problems);
  ASSERT_TRUE(problems.empty()) << problems.ToStatus();
  const Chat want{{{Role::kSystem, "s"},
                   {Role::kUser, "u"},
                   {Role::kAssistant, "a", false},
                   {Role::kUser, "v"},
                   {Role::kAssistant, "b"}}};
  EXPECT_EQ(chat, want);
}

TEST(ChatTest, LineReadsBackAsTheSameChat) {
  Chat chat = MakeChat("sys \"q\"", "two\nlines \xC3\xA9", "answer");
  chat.messages.push_back({Role::kUser, "more"});
  chat.messages.push_back({Role::kAssistant, "unlearnt", false});
  Violations problems;
  EXPECT_EQ(ReadChat(ChatLine(chat), problems), chat);
  EXPECT_TRUE(problems.empty());
}

TEST(ChatTest, MakeChatLeavesOutAnEmptySystemPrompt) {
  EXPECT_EQ(MakeChat("", "u", "a").messages.size(), 2u);
  EXPECT_EQ(MakeChat("s", "u", "a").messages[0].role, Role::kSystem);
}

TEST(ChatTest, ReportsAllProblemsOfARowAtOnce) {
  Violations problems;
  ReadChat(R"({"messages":[{"role":"wizard","content":7},{"content":"x"}],"tools":[]})", problems);
  std::vector<std::string> fields;
  for (const auto& v : problems.list()) fields.push_back(v.field);
  EXPECT_EQ(fields, (std::vector<std::string>{"tools", "messages[0].role", "messages[0].content",
                                              "messages[1].role"}));
}

TEST(ChatTest, BoundsWhatAHostileRowCanReport) {
  std::string line = "{\"messages\":[";
  for (int i = 0; i < 100000; ++i) line += i == 0 ? "1" : ",1";
  line += "]}";
  Violations problems;
  ReadChat(line, problems);
  EXPECT_EQ(problems.list().size(), 1u);
}

}  // namespace
}  // namespace tuneward
