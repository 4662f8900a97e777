#include "core/data/data_row.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "core/data/dataset_profile.h"
#include "core/data/dataset_validator.h"

namespace tuneward {
namespace {

const std::string kChat =
    R"({"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"a"}]})";
const std::string kUser = R"({"role":"user","content":"u"})";
const std::string kAnswer = R"([{"role":"assistant","content":"a"}])";
const std::string kOther = R"([{"role":"assistant","content":"b"}])";

std::string Row(const std::string& messages, const std::string& preferred = kAnswer,
                const std::string& other = kOther) {
  return absl::StrCat("{\"input\":{\"messages\":[", messages, "]},\"preferred_output\":", preferred,
                      ",\"non_preferred_output\":", other, "}");
}

TEST(DataRowTest, APreferenceEndsWithThePreferredAnswerWhichAloneIsLearnt) {
  Violations problems;
  std::optional<DataFormat> format;
  const DataRow row =
      ReadRow(Row(R"({"role":"system","content":"s"},{"role":"user","content":"u"},)"
                  R"({"role":"assistant","content":"w"},{"role":"user","content":"v"})"),
              format, problems);
  ASSERT_TRUE(problems.empty()) << problems.ToStatus();
  EXPECT_EQ(format, DataFormat::kPreference);
  EXPECT_EQ(row.format(), DataFormat::kPreference);
  EXPECT_EQ(row.rejected, "b");
  const Chat want{{{Role::kSystem, "s"},
                   {Role::kUser, "u"},
                   {Role::kAssistant, "w", false},
                   {Role::kUser, "v"},
                   {Role::kAssistant, "a"}}};
  EXPECT_EQ(row.chat, want);
}

struct BadRow {
  const char* name;
  std::string line;
  const char* field;
  const char* reason;  // a part of it
};

const BadRow kBadRows[] = {
    {"NoInput", "{\"preferred_output\":" + kAnswer + ",\"non_preferred_output\":" + kOther + "}",
     "input", "is missing"},
    {"InputIsAList",
     "{\"input\":[],\"preferred_output\":" + kAnswer + ",\"non_preferred_output\":" + kOther + "}",
     "input", "must be an object"},
    {"InputWithoutMessages",
     "{\"input\":{},\"preferred_output\":" + kAnswer + ",\"non_preferred_output\":" + kOther + "}",
     "input.messages", "is missing"},
    {"EmptyInput", Row(""), "input.messages", "at least one message"},
    {"InputTools",
     "{\"input\":{\"messages\":[" + kUser + "],\"tools\":[]},\"preferred_output\":" + kAnswer +
         ",\"non_preferred_output\":" + kOther + "}",
     "input.tools", "tools are not supported"},
    {"UnknownRole", Row(R"({"role":"wizard","content":"u"})"), "input.messages[0].role", "wizard"},
    {"NoContent", Row(R"({"role":"user"})"), "input.messages[0].content", "is missing"},
    {"LastIsAssistant", Row(kUser + R"(,{"role":"assistant","content":"w"})"),
     "input.messages[1].role", "must be the user's"},
    {"OnlySystem", Row(R"({"role":"system","content":"s"})"), "input.messages[0].role",
     "must be the user's"},
    {"TwoUsers", Row(kUser + "," + kUser), "input.messages[1].role", "take turns"},
    {"Weight", Row(kUser + R"(,{"role":"assistant","content":"w","weight":0},)" + kUser),
     "input.messages[1].weight", "has no meaning here"},
    {"NoPreferred",
     "{\"input\":{\"messages\":[" + kUser + "]},\"non_preferred_output\":" + kOther + "}",
     "preferred_output", "is missing"},
    {"NoOther", "{\"input\":{\"messages\":[" + kUser + "]},\"preferred_output\":" + kOther + "}",
     "non_preferred_output", "is missing"},
    {"TextForAList", Row(kUser, "\"a\""), "preferred_output", "got \"a\""},
    {"TwoAnswers",
     Row(kUser, kAnswer,
         R"([{"role":"assistant","content":"b"},{"role":"assistant","content":"c"}])"),
     "non_preferred_output", "got 2 messages"},
    {"NoAnswers", Row(kUser, "[]"), "preferred_output", "got 0 messages"},
    {"AnswerOfTheUser", Row(kUser, R"([{"role":"user","content":"a"}])"),
     "preferred_output[0].role", "must be assistant, got \"user\""},
    {"EmptyAnswer", Row(kUser, kAnswer, R"([{"role":"assistant","content":""}])"),
     "non_preferred_output[0].content", "must not be empty"},
    {"AnswerWithWeight", Row(kUser, R"([{"role":"assistant","content":"a","weight":1}])"),
     "preferred_output[0].weight", "has no meaning here"},
    {"ToolCalls", Row(kUser, R"([{"role":"assistant","content":"a","tool_calls":[]}])"),
     "preferred_output[0].tool_calls", "tool calls are not supported"},
    {"EqualAnswers", Row(kUser, kAnswer, kAnswer), "non_preferred_output[0].content",
     "word for word"},
    {"OldName",
     "{\"input\":{\"messages\":[" + kUser + "]},\"preferred_completion\":" + kAnswer +
         ",\"non_preferred_output\":" + kOther + "}",
     "preferred_completion", "is named preferred_output here"},
    {"ExtraKey", Row(kUser).replace(0, 1, "{\"score\":1,"), "score", "unknown key"},
    {"MessagesBeside", Row(kUser).replace(0, 1, "{\"messages\":[],"), "messages", "unknown key"},
    {"AChatAmongThem", kChat, "", "is a chat row among preference rows"},
    {"NoKeys", "{}", "input", "is missing"},
    {"Array", "[1]", "", "must be an object"},
};

TEST(DataRowTest, NamesLineFieldAndReasonOfEachKindOfBadPreference) {
  for (const BadRow& bad : kBadRows) {
    SCOPED_TRACE(bad.name);
    std::string text;
    for (int i = 0; i < 12; ++i) text += Row(kUser) + "\n";
    DatasetValidator validator;
    validator.Feed(text + bad.line + "\n" + Row(kUser));
    const FileReport report = validator.Finish();
    ASSERT_GE(report.problems.size(), 1u);
    EXPECT_EQ(report.problems[0].line, 13);
    EXPECT_EQ(report.problems[0].field, bad.field);
    EXPECT_NE(report.problems[0].reason.find(bad.reason), std::string::npos)
        << report.problems[0].reason;
    EXPECT_EQ(report.reason, "INVALID_FILE");
  }
}

TEST(DataRowTest, APreferenceAmongChatsIsNamed) {
  DatasetValidator validator;
  validator.Feed(kChat + "\n" + Row(kUser) + "\n" + kChat + "\n");
  const FileReport report = validator.Finish();
  ASSERT_EQ(report.problem_count, 1);
  EXPECT_EQ(report.problems[0].line, 2);
  EXPECT_EQ(report.problems[0].reason,
            "is a preference row among chat rows: a file has rows of one format");
}

std::string Preferences(int rows, const std::string& history) {
  std::string text;
  for (int i = 0; i < rows; ++i)
    absl::StrAppend(
        &text,
        Row(absl::StrCat(R"({"role":"system","content":"You sort tickets."},)", history,
                         R"({"role":"user","content":"Ticket: number )", i, R"(\nQueue:"})"),
            absl::StrCat(R"([{"role":"assistant","content":")", i % 2 ? "billing" : "returns",
                         R"("}])"),
            R"([{"role":"assistant","content":"a long and chatty answer that nobody wants"}])"),
        "\n");
  return text;
}

DatasetProfile ProfileOf(const std::string& text) {
  DatasetProfiler profiler;
  DatasetValidator validator({}, [&](int64_t, const DataRow& row) { profiler.Add(row); });
  validator.Feed(text);
  EXPECT_TRUE(validator.Finish().ok());
  return profiler.Finish();
}

TEST(DataRowTest, TheProfileIsOfTheInputAndThePreferredAnswer) {
  const DatasetProfile profile = ProfileOf(Preferences(40, ""));
  EXPECT_EQ(profile.data_format, DataFormat::kPreference);
  ASSERT_EQ(profile.clusters.size(), 1u);
  EXPECT_EQ(profile.clusters[0].system, "You sort tickets.");
  EXPECT_EQ(profile.clusters[0].skeleton.front().text, "Ticket: ");
  EXPECT_EQ(profile.clusters[0].skeleton.back().text, "\nQueue:");
  EXPECT_EQ(profile.answer.kind, AnswerKind::kLabel);
  EXPECT_EQ(profile.answer.labels, (std::vector<std::string>{"billing", "returns"}));
  EXPECT_EQ(profile.answer.bytes.max, 7);
}

// However long what stands before it is.
TEST(DataRowTest, TheAnswerOfALongPreferenceIsProfiledToo) {
  std::string history;
  for (int i = 0; i < 12; ++i)
    absl::StrAppend(&history, R"({"role":"user","content":")", std::string(3000, 'x'),
                    R"("},{"role":"assistant","content":"yes"},)");
  EXPECT_EQ(ProfileOf(Preferences(40, history)).answer.labels,
            (std::vector<std::string>{"billing", "returns"}));
}

TEST(DataRowTest, AChatFilesProfileSaysNothingOfTheFormat) {
  std::string text;
  for (int i = 0; i < 12; ++i) text += kChat + "\n";
  EXPECT_FALSE(ProfileOf(text).ToJson().contains("data_format"));
  Json json = ProfileOf(Preferences(12, "")).ToJson();
  EXPECT_EQ(json["data_format"], "preference");
  EXPECT_EQ(DatasetProfile::FromJson(json)->data_format, DataFormat::kPreference);
  EXPECT_EQ(DataFormatOf(json), DataFormat::kPreference);
  EXPECT_EQ(DataFormatOf(Json::object()), DataFormat::kChat);
  json["data_format"] = "table";
  EXPECT_FALSE(DatasetProfile::FromJson(json).ok());
}

}  // namespace
}  // namespace tuneward
