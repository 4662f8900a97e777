#include "core/base/cut_text.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

TEST(CutTextTest, CutsBetweenCharacters) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC";  // 1 + 2 + 3 bytes
  EXPECT_EQ(CutText(text, 6), text);
  EXPECT_EQ(CutText(text, 5), "a\xC3\xA9...");
  EXPECT_EQ(CutText(text, 3), "a\xC3\xA9...");
  EXPECT_EQ(CutText(text, 2), "a...");
  EXPECT_EQ(CutText(text, 0), "...");
  EXPECT_EQ(CutText("", 0), "");
}

}  // namespace
}  // namespace tuneward
