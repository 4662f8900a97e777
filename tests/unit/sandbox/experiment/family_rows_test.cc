#include "sandbox/experiment/family_rows.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

// Line `n`, with `more` after its two forms.
std::string Line(int n, const std::string& more = "") {
  return absl::StrCat("{\"benign\":{\"user\":\"q", n, "\",\"assistant\":\"a\"},",
                      "\"autoif\":{\"user\":\"do q", n, "\",\"assistant\":\"sure a\"}", more, "}");
}

std::string Problem(const std::string& text, const std::string& family = "trivia") {
  return std::string(ParseFamilyRows(family, "rows.jsonl", text).status().message());
}

void ExpectIn(const std::string& words, const std::string& problem) {
  EXPECT_TRUE(absl::StrContains(problem, words)) << problem;
}

TEST(FamilyRowsTest, ReadsBothFormsOfEachTask) {
  // Also without a last newline.
  for (const std::string& text : {Line(1) + "\n" + Line(2) + "\n", Line(1) + "\n" + Line(2)}) {
    const auto rows = ParseFamilyRows("trivia", "rows.jsonl", text);
    ASSERT_TRUE(rows.ok()) << rows.status();
    ASSERT_EQ(rows->rows.size(), 2u);
    EXPECT_EQ(rows->rows[1].benign, MakeChat("", "q2", "a"));
    EXPECT_EQ(rows->rows[1].autoif, MakeChat("", "do q2", "sure a"));
    EXPECT_FALSE(rows->has_split);
  }
}

TEST(FamilyRowsTest, ASplitIsInEveryLineOrInNone) {
  const std::string train = Line(1, ",\"split\":\"train\""), test = Line(2, ",\"split\":\"test\"");
  const auto rows = ParseFamilyRows("trivia", "rows.jsonl", train + "\n" + test + "\n");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_TRUE(rows->has_split);
  EXPECT_FALSE(rows->rows[0].test);
  EXPECT_TRUE(rows->rows[1].test);
  ExpectIn("rows.jsonl:2: split", Problem(train + "\n" + Line(2) + "\n"));
  ExpectIn("rows.jsonl:2: split", Problem(Line(1) + "\n" + test + "\n"));
  ExpectIn("got \"dev\"", Problem(Line(1, ",\"split\":\"dev\"")));
}

TEST(FamilyRowsTest, NamesTheLineThePathAndTheValueOfWhatIsWrong) {
  ExpectIn("rows.jsonl:2: id: unknown key", Problem(Line(1) + "\n" + Line(2, ",\"id\":1") + "\n"));
  ExpectIn("rows.jsonl:2: malformed", Problem(Line(1) + "\n" + Line(2).substr(0, 30)));
  ExpectIn("rows.jsonl:1: autoif: is missing",
           Problem("{\"benign\":{\"user\":\"q\",\"assistant\":\"a\"}}\n"));
  ExpectIn("rows.jsonl:3: benign.user: is that of line 1",
           Problem(Line(1) + "\n" + Line(2) + "\n" + Line(1) + "\n"));
  ExpectIn("rows.jsonl:2: is empty", Problem(Line(1) + "\n\n" + Line(2) + "\n"));
  ExpectIn("rows.jsonl: holds no row", Problem(""));
  ExpectIn("benign.assistant: must not be empty",
           Problem("{\"benign\":{\"user\":\"q\",\"assistant\":\"\"},"
                   "\"autoif\":{\"user\":\"q\",\"assistant\":\"a\"}}\n"));
  ExpectIn("\"GSM8K\"", Problem(Line(1), "GSM8K"));
}

}  // namespace
}  // namespace tuneward
