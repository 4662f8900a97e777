#include "sandbox/tool/data_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "core/data/chat.h"

namespace tuneward {
namespace {

TEST(DataCommandsTest, LinesAreValidRows) {
  const absl::StatusOr<std::string> lines = DataLines({"piqa", "autoif_aoa", 12, 3});
  ASSERT_TRUE(lines.ok()) << lines.status();
  const std::vector<std::string> rows = absl::StrSplit(*lines, '\n', absl::SkipEmpty());
  ASSERT_EQ(rows.size(), 12u);
  for (const std::string& row : rows) {
    Violations problems;
    const Chat chat = ReadChat(row, problems);
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

TEST(DataCommandsTest, RefusesWrongOptionsByValue) {
  EXPECT_THAT(DataLines({"mmlu", "benign", 5, 1}).status().message(),
              testing::HasSubstr("\"mmlu\""));
  EXPECT_THAT(DataLines({"piqa", "evil", 5, 1}).status().message(), testing::HasSubstr("\"evil\""));
  EXPECT_THAT(DataLines({"piqa", "benign", 0, 1}).status().message(), testing::HasSubstr("got 0"));
}

}  // namespace
}  // namespace tuneward
