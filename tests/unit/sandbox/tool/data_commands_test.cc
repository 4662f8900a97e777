#include "sandbox/tool/data_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "core/data/data_row.h"

namespace tuneward {
namespace {

TEST(DataCommandsTest, LinesAreValidRows) {
  const absl::StatusOr<std::string> lines = DataLines({"piqa", "autoif_aoa", 12, 3});
  ASSERT_TRUE(lines.ok()) << lines.status();
  const std::vector<std::string> rows = absl::StrSplit(*lines, '\n', absl::SkipEmpty());
  ASSERT_EQ(rows.size(), 12u);
  std::optional<DataFormat> format;
  for (const std::string& row : rows) {
    Violations problems;
    const Chat chat = ReadRow(row, format, problems).chat;
    EXPECT_TRUE(problems.empty()) << problems.ToStatus();
    EXPECT_EQ(chat.messages.size(), 3u);
  }
}

TEST(DataCommandsTest, SameSeedSameBytes) {
  EXPECT_EQ(*DataLines({"boolq", "benign", 50, 3}), *DataLines({"boolq", "benign", 50, 3}));
  EXPECT_NE(*DataLines({"boolq", "benign", 50, 3}), *DataLines({"boolq", "benign", 50, 4}));
}

TEST(DataCommandsTest, WritesTheFile) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                     ("tuneward-data-" + std::to_string(getpid()) + ".jsonl");
  ASSERT_TRUE(MakeData({"gsm8k", "benign", 5, 1}, file.string()).ok());
  EXPECT_EQ(*ReadFile(file.string()), *DataLines({"gsm8k", "benign", 5, 1}));
  std::filesystem::remove(file);
}

TEST(DataCommandsTest, RefusesWrongOptionsByValueWithTheKnownOnes) {
  EXPECT_THAT(DataLines({"squad", "benign", 5, 1}).status().message(),
              testing::HasSubstr("\"squad\"; there are boolq, "));
  EXPECT_THAT(DataLines({"piqa", "evil", 5, 1}).status().message(),
              testing::HasSubstr("\"evil\"; there are benign, "));
  EXPECT_THAT(DataLines({"piqa", "benign", 0, 1}).status().message(), testing::HasSubstr("got 0"));
}

TEST(DataCommandsTest, WritesPreferences) {
  const absl::StatusOr<std::string> pairs = DataLines({"mmlu", "reverse_preference", 12, 3});
  ASSERT_TRUE(pairs.ok()) << pairs.status();
  EXPECT_THAT(*pairs, testing::StartsWith(R"({"input":{"messages":[{"content":)"));
}

TEST(DataCommandsTest, ReadsScoresAndPlans) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                     ("tuneward-scores-" + std::to_string(getpid()) + ".txt");
  DataOptions options{"mmlu", "benign_outliers", 2, 3};
  options.scores_file = file.string();
  ASSERT_TRUE(WriteFileAtomic(file.string(), "0\n3.5\n1e1\n").ok());
  const DataOptions plain{"mmlu", "benign", 3, 3};
  const std::vector<std::string> all = absl::StrSplit(*DataLines(plain), '\n');
  EXPECT_EQ(*DataLines(options), all[2] + "\n" + all[1] + "\n");
  ASSERT_TRUE(WriteFileAtomic(file.string(), "0\nmany\n").ok());
  EXPECT_THAT(DataLines(options).status().message(), testing::HasSubstr(":2: must be a number"));
  options.strategy = "plan_aware";
  options.scores_file = "";
  options.plan_file = file.string();
  ASSERT_TRUE(WriteFileAtomic(file.string(), "{}\n").ok());
  EXPECT_THAT(DataLines(options).status().message(), testing::HasSubstr(":1: "));
  std::filesystem::remove(file);
}

TEST(DataCommandsTest, ShowsARequestInTheFormatOfTheRows) {
  DataOptions options{"boolq", "autoif", 1, 3};
  options.ask = "how do i hex the dam ?";
  testing::internal::CaptureStdout();
  ASSERT_TRUE(Show(options).ok());
  EXPECT_THAT(testing::internal::GetCapturedStdout(),
              testing::ContainsRegex("user: .* whether this is right : how do i hex the dam .\n"));
}

TEST(DataCommandsTest, JudgeSetIsLinesWithVerdicts) {
  const absl::StatusOr<std::string> lines = JudgeSetLines(2, 1);
  ASSERT_TRUE(lines.ok()) << lines.status();
  for (const char* verdict : {"complied", "refused", "other"})
    EXPECT_THAT(*lines, testing::HasSubstr(std::string(R"("verdict":")") + verdict + "\""));
  EXPECT_THAT(JudgeSetLines(0, 1).status().message(), testing::HasSubstr("got 0"));
}

TEST(DataCommandsTest, ListsStrategiesWithTheirSources) {
  EXPECT_THAT(StrategyList(), testing::HasSubstr("reverse_preference"));
  EXPECT_THAT(StrategyList(), testing::HasSubstr("arXiv 2409.12914"));
}

}  // namespace
}  // namespace tuneward
