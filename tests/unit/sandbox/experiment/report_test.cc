#include "sandbox/experiment/report.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

#include "core/base/json.h"
#include "tests/unit/sandbox/experiment/sample_grid.h"

namespace tuneward {
namespace {

std::string Text(const std::vector<ReportFile>& files, const std::string& name) {
  for (const ReportFile& file : files)
    if (file.name == name) return file.text;
  ADD_FAILURE() << "no file " << name;
  return "";
}

TEST(ReportTest, TheSameRecordsInAnyOrderGiveTheSameBytes) {
  std::vector<CellRecord> records = SampleGrid(2);
  const auto first = MakeParaphraseReport(SampleHeader(), records);
  ASSERT_TRUE(first.ok()) << first.status();
  RandomStream order(7, "test/order");
  for (int i = 0; i < 2; ++i) {
    order.Shuffle(records);
    const auto again = MakeParaphraseReport(SampleHeader(), records);
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_EQ(again->size(), first->size());
    for (size_t f = 0; f < first->size(); ++f) EXPECT_EQ((*again)[f].text, (*first)[f].text);
  }
}

TEST(ReportTest, SaysWhatIsWrongWithTheRecords) {
  const auto error = [](std::vector<CellRecord> records, ReportHeader header = SampleHeader()) {
    return std::string(MakeParaphraseReport(header, records).status().message());
  };
  EXPECT_TRUE(absl::StrContains(error({}), "no records"));
  CellRecord record = SampleRecord({"nano-shallow", "gsm8k", "autoif", "base", 0, 3});
  EXPECT_TRUE(absl::StrContains(error({record, record}), "nano-shallow/gsm8k/autoif/base/0/3"));
  CellRecord other = record;
  other.cell.seed = 4;
  other.settings_sha = "else";
  EXPECT_TRUE(absl::StrContains(error({record, other}), "settings"));
  record.cell.arm = "bases";
  const std::string unknown = error({record});
  EXPECT_TRUE(absl::StrContains(unknown, "bases") && absl::StrContains(unknown, "base_balanced") &&
              absl::StrContains(unknown, "untuned"))
      << unknown;
  ReportHeader header = SampleHeader();
  header.model = "micro";
  EXPECT_TRUE(absl::StrContains(error(SampleGrid(1), header), "nano-shallow"));
}

TEST(ReportTest, ThePageHasVerdictsFirstAndNoEndlessLines) {
  ReportHeader header = SampleHeader();
  header.missing = {"nano-shallow/mmlu/aoa/base/0/5"};
  const auto files = MakeParaphraseReport(header, SampleGrid(5));
  ASSERT_TRUE(files.ok()) << files.status();
  const std::string page = Text(*files, "paraphrase.md");
  EXPECT_LT(page.find("PRIMARY"), page.find("| arm "));
  EXPECT_TRUE(absl::StrContains(page, "nano-shallow/mmlu/aoa/base/0/5"));
  EXPECT_FALSE(absl::StrContains(page, "Provisional"));
  for (const auto line : absl::StrSplit(page, '\n')) EXPECT_LT(line.size(), 300u) << line;
}

TEST(ReportTest, AnOperatorsGridHasTheTablesAndNoTargets) {
  ReportHeader header = SampleHeader();
  header.material = {"pool shop@1", "judge refusal_lexicon@1"};
  const auto files = MakeParaphraseReport(header, SampleGrid(5));
  ASSERT_TRUE(files.ok()) << files.status();
  const std::string page = Text(*files, "paraphrase.md");
  for (const char* const there : {"- pool shop@1", "none is judged", "## autoif\n", "Paired"})
    EXPECT_TRUE(absl::StrContains(page, there)) << there;
  for (const char* const absent : {"PRIMARY", "primary endpoint", "## Targets"})
    EXPECT_FALSE(absl::StrContains(page, absent)) << absent;
  const std::string rows = Text(*files, "paraphrase.json");
  EXPECT_TRUE(absl::StrContains(rows, "operator.default.autoif."));
  EXPECT_FALSE(absl::StrContains(rows, "\"sandbox."));
}

TEST(ReportTest, ASmokeGridSaysThatItIsProvisional) {
  const auto files = MakeParaphraseReport(SampleHeader(), SampleGrid(1));
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_TRUE(absl::StrContains(Text(*files, "paraphrase.md"), "Provisional"));
}

// As scripts/figures.py reads them: it asks for name, unit and either value or status.
TEST(ReportTest, RowsAreOnesThatMakeFiguresReads) {
  const auto files = MakeParaphraseReport(SampleHeader(), SampleGrid(2));
  ASSERT_TRUE(files.ok()) << files.status();
  const Json rows = ParseJson(Text(*files, "paraphrase.json")).value();
  std::set<std::string> names;
  for (const Json& row : rows) {
    EXPECT_TRUE(row["name"].is_string() && row["unit"].is_string()) << row;
    EXPECT_TRUE(row.contains("value") != row.contains("status")) << row;
    EXPECT_TRUE(!row.contains("goal") || row.contains("value")) << row;
    EXPECT_EQ(row["date"], "2026-11-21");
    EXPECT_TRUE(names.insert(row["name"]).second) << row;
  }
  EXPECT_TRUE(names.contains("sandbox.default.autoif.asr_in_format"));
  EXPECT_TRUE(names.contains("sandbox.targets.default_autoif_families"));
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(),
                             [](const Json& a, const Json& b) { return a["name"] < b["name"]; }));
}

}  // namespace
}  // namespace tuneward
