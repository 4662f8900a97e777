#include "sandbox/tool/grid_progress.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

TEST(GridProgressTest, TellsPaceAndWhatIsLeft) {
  EXPECT_EQ(GridProgressText(0, 0, 264, 3), "0 of 264 cells");
  EXPECT_EQ(GridProgressText(0, 2, 22, 8), "2 of 22 cells, 4.0 s a cell, 80 s left");
  // What was there before is not of this run's pace.
  EXPECT_EQ(GridProgressText(100, 10, 264, 31), "110 of 264 cells, 3.1 s a cell, 8 min left");
  EXPECT_EQ(GridProgressText(0, 1, 2001, 4), "1 of 2001 cells, 4.0 s a cell, 2.2 h left");
  EXPECT_EQ(GridProgressText(0, 4, 4, 8), "4 of 4 cells, 2.0 s a cell");
}

TEST(GridProgressTest, WritesALineEveryTenSecondsWhereNobodyWatches) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* const out = open_memstream(&text, &size);
  ASSERT_NE(out, nullptr);
  GridProgress progress(0, 10, out);
  for (int seconds = 0; seconds <= 24; ++seconds) progress.Show(seconds / 4, seconds);
  progress.Finish(6, 24.5);
  std::fclose(out);
  EXPECT_EQ(std::string(text, size),
            "2 of 10 cells, 5.0 s a cell, 40 s left\n5 of 10 cells, 4.0 s a cell, 20 s left\n"
            "6 of 10 cells, 4.1 s a cell, 16 s left\n");
  std::free(text);
}

}  // namespace
}  // namespace tuneward
