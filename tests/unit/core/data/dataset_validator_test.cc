#include "core/data/dataset_validator.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

const std::string kGood =
    R"({"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"a"}]})";

std::string GoodLines(int n) {
  std::string text;
  for (int i = 0; i < n; ++i) absl::StrAppend(&text, kGood, "\n");
  return text;
}

FileReport Validate(std::string_view text, DatasetLimits limits = {},
                    size_t chunk = std::string::npos) {
  DatasetValidator validator(limits);
  for (size_t at = 0; at < text.size(); at += chunk) {
    validator.Feed(text.substr(at, chunk));
    if (chunk == std::string::npos) break;
  }
  return validator.Finish();
}

struct BadLine {
  const char* name;
  std::string line;
  const char* field;
  const char* reason;  // a part of it
};

std::string Row(const std::string& messages) { return "{\"messages\":[" + messages + "]}"; }
const std::string kUser = R"({"role":"user","content":"u"})",
                  kAssistant = R"({"role":"assistant","content":"a"})";

const BadLine kBadLines[] = {
    {"NotJson", "{\"messages\":", "", "not valid JSON"},
    {"TrailingText", kGood + " x", "", "not valid JSON"},
    {"Array", "[1]", "", "must be an object"},
    {"Number", "7", "", "must be an object"},
    {"NoMessages", "{}", "messages", "is missing"},
    {"EmptyMessages", Row(""), "messages", "at least one message"},
    {"MessagesNotAList", R"({"messages":"x"})", "messages", "must be a list"},
    {"UnknownRole", Row(R"({"role":"wizard","content":"u"},)" + kAssistant), "messages[0].role",
     "got \"wizard\""},
    {"DeveloperRole", Row(R"({"role":"developer","content":"u"},)" + kAssistant),
     "messages[0].role", "must be system, user or assistant"},
    {"ToolRole", Row(kUser + R"(,{"role":"tool","content":"u"})"), "messages[1].role",
     "got \"tool\""},
    {"NoRole", Row(R"({"content":"u"},)" + kAssistant), "messages[0].role", "is missing"},
    {"NoContent", Row(R"({"role":"user"},)" + kAssistant), "messages[0].content", "is missing"},
    {"NullContent", Row(R"({"role":"user","content":null},)" + kAssistant), "messages[0].content",
     "must be a string, got null"},
    {"EmptyContent", Row(R"({"role":"user","content":""},)" + kAssistant), "messages[0].content",
     "must not be empty"},
    {"ContentParts", Row(R"({"role":"user","content":[{"type":"text","text":"u"}]},)" + kAssistant),
     "messages[0].content", "content parts are not supported"},
    {"NulCharacter", Row(R"({"role":"user","content":"a\u0000b"},)" + kAssistant),
     "messages[0].content", "U+0000"},
    {"LoneSurrogate", Row(R"({"role":"user","content":"a\udc00b"},)" + kAssistant), "",
     "not valid JSON"},
    {"NoAssistant", Row(kUser), "messages", "no assistant message"},
    {"LastIsUser", Row(kUser + "," + kAssistant + "," + kUser), "messages[2].role",
     "last message must be the assistant's"},
    {"TwoUsers", Row(kUser + "," + kUser + "," + kAssistant), "messages[1].role", "take turns"},
    {"AssistantFirst", Row(kAssistant), "messages[0].role", "expected user"},
    {"LateSystem", Row(kUser + R"(,{"role":"system","content":"s"},)" + kAssistant),
     "messages[1].role", "may only be the first"},
    {"AllWeightsZero", Row(kUser + R"(,{"role":"assistant","content":"a","weight":0})"), "messages",
     "every assistant message has weight 0"},
    {"BadWeight", Row(kUser + R"(,{"role":"assistant","content":"a","weight":2})"),
     "messages[1].weight", "must be 0 or 1, got 2"},
    {"FractionWeight", Row(kUser + R"(,{"role":"assistant","content":"a","weight":0.5})"),
     "messages[1].weight", "must be 0 or 1"},
    {"UserWeight", Row(R"({"role":"user","content":"u","weight":1},)" + kAssistant),
     "messages[0].weight", "only assistant"},
    {"Tools", R"({"tools":[],"messages":[)" + kUser + "," + kAssistant + "]}", "tools",
     "tools are not supported"},
    {"ToolCalls", Row(kUser + R"(,{"role":"assistant","content":"a","tool_calls":[]})"),
     "messages[1].tool_calls", "tool calls are not supported"},
    {"PromptCompletion", R"({"prompt":"p","completion":"c"})", "completion", "not supported"},
    {"UnknownKey", R"({"extra":1,"messages":[)" + kUser + "," + kAssistant + "]}", "extra",
     "unknown key"},
    {"DuplicateKey",
     R"({"messages":[{"role":"user","content":"u","content":"v"},)" + kAssistant + "]}", "",
     "duplicate key \"content\""},
    {"DuplicateMessages", R"({"messages":[],"messages":[)" + kUser + "," + kAssistant + "]}", "",
     "duplicate key"},
    {"NotUtf8",
     Row(R"({"role":"user","content":")"
         "\xC3("
         R"("},)" +
         kAssistant),
     "", "not UTF-8: bad byte at position 40"},
    {"TooDeep", "{\"messages\":" + std::string(100, '[') + std::string(100, ']') + "}", "",
     "nested deeper"},
};

TEST(DatasetValidatorTest, NamesLineFieldAndReasonOfEachKindOfBadLine) {
  for (const BadLine& bad : kBadLines) {
    SCOPED_TRACE(bad.name);
    const FileReport report = Validate(GoodLines(16) + bad.line + "\n" + GoodLines(3));
    ASSERT_GE(report.problems.size(), 1u);
    EXPECT_EQ(report.problems[0].line, 17);
    EXPECT_EQ(report.problems[0].field, bad.field);
    EXPECT_NE(report.problems[0].reason.find(bad.reason), std::string::npos)
        << report.problems[0].reason;
    EXPECT_EQ(report.reason, "INVALID_FILE");
    EXPECT_EQ(report.code(), "invalid_file_format");
    EXPECT_EQ(report.rows, 20);
  }
}

TEST(DatasetValidatorTest, StatusHoldsFieldViolationsWithFullPaths) {
  const absl::Status status = Validate(GoodLines(16) + kBadLines[7].line + "\n").ToStatus();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const ErrorInfo info = GetErrorInfo(status);
  EXPECT_EQ(info.reason, "INVALID_FILE");
  ASSERT_EQ(info.violations.size(), 1u);
  EXPECT_EQ(info.violations[0].field, "training_file.lines[17].messages[0].role");
}

TEST(DatasetValidatorTest, AcceptsGoodFilesInAnyCutOfChunks) {
  const std::string text =
      GoodLines(5) + "\r\n\n" + kGood + "\r\n" + GoodLines(4) + kGood;  // no newline at the end
  for (size_t chunk : {size_t{1}, size_t{7}, size_t{64}, text.size()}) {
    const FileReport report = Validate(text, {}, chunk);
    EXPECT_TRUE(report.ok()) << report.ToStatus();
    EXPECT_EQ(report.rows, 11);
    EXPECT_EQ(report.bytes, static_cast<int64_t>(text.size()));
  }
}

TEST(DatasetValidatorTest, KeepsLineNumbersAcrossBlankLines) {
  std::vector<int64_t> lines;
  DatasetValidator validator({}, [&](int64_t line, const DataRow&) { lines.push_back(line); });
  validator.Feed(kGood + "\n\n  \n" + kGood + "\n");
  validator.Finish();
  EXPECT_EQ(lines, (std::vector<int64_t>{1, 4}));
}

TEST(DatasetValidatorTest, CountsAllProblemsAndKeepsTheFirstTwenty) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "nonsense\n";
  const FileReport report = Validate(text);
  EXPECT_EQ(report.problem_count, 100);
  ASSERT_EQ(report.problems.size(), 20u);
  EXPECT_EQ(report.problems[19].line, 20);
}

TEST(DatasetValidatorTest, RefusesLongLinesWithoutKeepingThem) {
  DatasetLimits limits;
  limits.max_line_bytes = 1000;
  const std::string text = GoodLines(10) + std::string(5000, 'x') + "\n" + GoodLines(1);
  for (size_t chunk : {size_t{300}, text.size()}) {
    const FileReport report = Validate(text, limits, chunk);
    ASSERT_EQ(report.problems.size(), 1u);
    EXPECT_EQ(report.problems[0].line, 11);
    EXPECT_EQ(report.problems[0].reason, "is 5000 bytes long: at most 1000");
  }
}

TEST(DatasetValidatorTest, SaysHowManyExamplesAreMissing) {
  const FileReport few = Validate(GoodLines(9));
  EXPECT_EQ(few.reason, "TOO_FEW_EXAMPLES");
  EXPECT_EQ(few.code(), "invalid_n_examples");
  const ErrorInfo info = GetErrorInfo(few.ToStatus());
  EXPECT_EQ(info.metadata.at("minimum"), "10");
  EXPECT_EQ(info.metadata.at("got"), "9");
  for (const char* empty : {"", "\n", "  \n\n"}) {
    const FileReport report = Validate(empty);
    EXPECT_EQ(report.reason, "TOO_FEW_EXAMPLES");
    EXPECT_NE(std::string(report.ToStatus().message()).find("is empty"), std::string::npos);
  }
}

TEST(DatasetValidatorTest, RefusesFilesOverTheByteLimit) {
  DatasetLimits limits;
  limits.max_bytes = 500;
  const FileReport report = Validate(GoodLines(20), limits, 100);
  EXPECT_EQ(report.reason, "LIMIT_EXCEEDED");
  EXPECT_EQ(GetErrorInfo(report.ToStatus()).metadata.at("limit"), "500");
}

TEST(DatasetValidatorTest, RefusesAByteOrderMarkByName) {
  const FileReport report = Validate("\xEF\xBB\xBF" + GoodLines(12));
  ASSERT_EQ(report.problems.size(), 1u);
  EXPECT_NE(report.problems[0].reason.find("byte order mark"), std::string::npos);
}

TEST(DatasetValidatorTest, ShortensWhatItQuotes) {
  const FileReport report = Validate(R"({")" + std::string(100000, 'k') + R"(":1})" + "\n");
  ASSERT_GE(report.problems.size(), 1u);
  for (const FileProblem& p : report.problems) EXPECT_LT(p.field.size() + p.reason.size(), 600u);
}

// PostgreSQL's jsonb refuses U+0000, so a report with one could not be stored.
TEST(DatasetValidatorTest, WritesOutTheNulOfAKeyThatItQuotes) {
  DatasetValidator validator;
  validator.Feed(R"({"a\u0000b":1,"messages":[{"role":"user","content":"x","c\u0000":1}]})"
                 "\n"
                 R"({"a\u0000b":1,"a\u0000b":2})"
                 "\n");
  const FileReport report = validator.Finish();
  ASSERT_FALSE(report.problems.empty());
  for (const FileProblem& problem : report.problems) {
    EXPECT_EQ(problem.field.find('\0'), std::string::npos);
    EXPECT_EQ(problem.reason.find('\0'), std::string::npos);
  }
  EXPECT_EQ(report.problems[0].field, "a\\u0000b");
}

TEST(DatasetValidatorTest, ReportReadsBackFromItsJson) {
  const FileReport report = Validate(GoodLines(3) + "nonsense\n");
  auto back = FileReport::FromJson(*ParseJson(CanonicalJson(report.ToJson())));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->problems, report.problems);
  EXPECT_EQ(back->reason, report.reason);
  EXPECT_EQ(back->problem_count, 1);
}

// The fast path must accept nothing that the strict reader refuses: random edits of good rows, both
// readers.
TEST(DatasetValidatorTest, FastPathAgreesWithTheStrictReader) {
  const std::string kRows[] = {
      R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":"u\u00e9"},)"
      R"({"role":"assistant","content":"a","weight":1}]})",
      R"({"input":{"messages":[{"role":"user","content":"u"},{"role":"assistant","content":"w"},)"
      R"({"role":"user","content":"v"}]},"preferred_output":[{"role":"assistant","content":"s"}],)"
      R"("non_preferred_output":[{"role":"assistant","content":"sx"}]})"};
  const std::string bytes = "{}[]\",:\\ u0d8c1e.-\n\x80\xC3sx";
  uint64_t state = 7;
  auto next = [&](size_t n) {
    return (state = state * 6364136223846793005ULL + 1442695040888963407ULL) >> 33
               ? (state >> 33) % n
               : 0;
  };
  int accepted[2] = {0, 0};
  for (int i = 0; i < 30000; ++i) {
    const int which = i % 2;
    std::string edited = kRows[which];
    for (size_t edits = 1 + next(3); edits > 0; --edits) {
      const size_t at = next(edited.size());
      if (next(2) == 0)
        edited[at] = bytes[next(bytes.size())];
      else
        edited.erase(at, 1 + next(3));
    }
    if (edited.find('\n') != std::string::npos) continue;
    Violations problems;
    std::optional<DataFormat> format;
    const DataRow strict = ReadRow(edited, format, problems);
    std::vector<DataRow> rows;
    DatasetValidator validator({}, [&](int64_t, const DataRow& row) { rows.push_back(row); });
    validator.Feed(edited + "\n");
    validator.Finish();
    ASSERT_EQ(rows.size() == 1, problems.empty()) << edited;
    if (rows.size() == 1) {
      EXPECT_EQ(rows[0], strict) << edited;
      ++accepted[which];
    }
  }
  EXPECT_GT(accepted[0], 100);
  EXPECT_GT(accepted[1], 100);
}

TEST(ReadDatasetTest, GivesRowsWithTheirLines) {
  auto rows = ReadDataset("\n" + GoodLines(10));
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->size(), 10u);
  EXPECT_EQ((*rows)[0].line, 2);
  EXPECT_EQ(GetErrorInfo(ReadDataset("x\n").status()).reason, "INVALID_FILE");
}

}  // namespace
}  // namespace tuneward
