#include "sandbox/experiment/cell_file.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace tuneward {
namespace {

std::string Line(uint64_t seed) {
  CellRecord record;
  record.cell = {"nano-shallow", "gsm8k", "autoif", "base", 0, seed};
  return record.Line() + "\n";
}

TEST(CellFileTest, ReadsLinesInTheirOrder) {
  const auto lines = ReadCellLines(Line(2) + Line(1));
  ASSERT_TRUE(lines.ok()) << lines.status();
  ASSERT_EQ(lines->records.size(), 2u);
  EXPECT_EQ(lines->records[0].cell.seed, 2u);
  EXPECT_EQ(lines->whole_bytes, Line(2).size() + Line(1).size());
  EXPECT_TRUE(ReadCellLines("")->records.empty());
}

TEST(CellFileTest, SaysWhereALineThatWasCutBegins) {
  for (const size_t left : {size_t{1}, Line(1).size() / 2, Line(1).size() - 1}) {
    const auto lines = ReadCellLines(Line(2) + Line(1).substr(0, left));
    ASSERT_TRUE(lines.ok()) << lines.status();
    EXPECT_EQ(lines->records.size(), 1u);
    EXPECT_EQ(lines->whole_bytes, Line(2).size());
  }
}

TEST(CellFileTest, NamesABadLineByItsNumber) {
  for (const std::string& bad : {std::string("{}\n"), std::string("\n"), Line(1).substr(9)}) {
    const absl::Status status = ReadCellLines(Line(2) + bad + Line(3)).status();
    EXPECT_TRUE(absl::StrContains(status.message(), "line 2: ")) << status;
  }
}

}  // namespace
}  // namespace tuneward
