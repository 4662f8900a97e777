#include <gtest/gtest.h>

#include "sandbox/experiment/figure_text.h"
#include "sandbox/experiment/markdown_table.h"

namespace tuneward {
namespace {

TEST(FigureTextTest, WritesFiguresWithTheirIntervals) {
  EXPECT_EQ(Fixed(-0.04), "0.0");
  EXPECT_EQ(Fixed(-0.06), "-0.1");
  EXPECT_EQ(Fixed(1234.5, 0), "1234");
  EXPECT_EQ(MeanText({5, 12.345, 0.678}), "12.3 \u00b1 0.7");
  EXPECT_EQ(MeanText({1, 12.345, std::nullopt}), "12.3");
  EXPECT_EQ(MeanText({}), "-");
  EXPECT_EQ(DifferenceText({1, 3.21, std::nullopt}), "+3.2");
  EXPECT_EQ(DifferenceText({1, -3.21, std::nullopt}), "-3.2");
  EXPECT_EQ(DifferenceText({1, -0.01, std::nullopt}), "0.0");
  EXPECT_EQ(PText(0.0625), "0.062");
  EXPECT_EQ(PText(0.0004), "<0.001");
  EXPECT_EQ(PText(std::nullopt), "-");
}

TEST(MarkdownTableTest, ColumnsAreAsWideAsWhatTheyShow) {
  EXPECT_EQ(MarkdownTable({{"arm", "ASR"}, {"base", "1.0 \u00b1 0.5"}, {"none", "9"}}),
            "| arm  |       ASR |\n"
            "|------|----------:|\n"
            "| base | 1.0 \u00b1 0.5 |\n"
            "| none |         9 |\n");
}

}  // namespace
}  // namespace tuneward
