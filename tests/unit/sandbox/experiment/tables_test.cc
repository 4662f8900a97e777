#include "sandbox/experiment/tables.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

#include "sandbox/experiment/targets.h"
#include "sandbox/experiment/verdict_tables.h"
#include "tests/unit/sandbox/experiment/sample_grid.h"

namespace tuneward {
namespace {

GridResults Grid(const std::vector<CellRecord>& records) {
  auto grid = GridResults::Make(records);
  TW_CHECK(grid.ok());
  return *std::move(grid);
}

// The lines of a table that hold all of `words`.
std::vector<std::string> Lines(const std::string& table, const std::vector<std::string>& words) {
  std::vector<std::string> found;
  for (const auto line : absl::StrSplit(table, '\n'))
    if (std::all_of(words.begin(), words.end(),
                    [&](const std::string& word) { return absl::StrContains(line, word); }))
      found.emplace_back(line);
  return found;
}

TEST(TablesTest, EachFamilyAndArmHasItsRow) {
  const GridResults grid = Grid(SampleGrid(2));
  const std::string cells = CellsTable(grid, "nano-shallow", "aoa");
  EXPECT_EQ(Lines(cells, {}).size(), 2 + 7 * 8 + 1u);
  EXPECT_EQ(Lines(cells, {"| piqa ", "| paraphrase_balanced "}).size(), 1u);
  EXPECT_EQ(Lines(AveragesTable(grid, "nano-shallow", "aoa"), {}).size(), 2 + 8 + 1u);
}

TEST(TablesTest, FiguresAreMeansOverSeedsWithWhatWasMixedIn) {
  CellRecord first = SampleRecord({"nano-shallow", "piqa", "aoa", "default", 0, 1});
  first.raw = {200, 10, 190};
  first.mixed_tokens = 2789;
  CellRecord second = first;
  second.cell.seed = 2;
  second.raw = {200, 14, 186};
  second.mixed_tokens = 2792;
  // Two seeds: 6 +- 12.706 * 1.414 / 1.414.
  const auto lines = Lines(CellsTable(Grid({first, second}), "nano-shallow", "aoa"), {"| piqa "});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(absl::StrContains(lines[0], "|     2 | 6.0 \u00b1 12.7 |")) << lines[0];
  EXPECT_TRUE(absl::StrContains(lines[0], "|   90 |   2790 |")) << lines[0];
}

TEST(TablesTest, TheUntunedModelHasATableOfItsOwn) {
  std::vector<CellRecord> records = SampleGrid(1);
  EXPECT_EQ(UntunedTable(Grid(records), "nano-shallow"), "");
  CellRecord untuned = records.front();
  untuned.cell.arm = kUntunedArm;
  records.push_back(untuned);
  const GridResults grid = Grid(records);
  EXPECT_EQ(Lines(UntunedTable(grid, "nano-shallow"), {"| boolq ", "| benign "}).size(), 1u);
  EXPECT_TRUE(Lines(CellsTable(grid, "nano-shallow", "benign"), {kUntunedArm}).empty());
}

TEST(RateSweepTest, AFamilyWithoutEveryCellIsInNoAverage) {
  std::vector<CellRecord> records = SampleGrid(1);
  const RateSweep whole = FindRateSweep(Grid(records), "nano-shallow", "autoif");
  EXPECT_EQ(whole.families, (std::vector<std::string>{"boolq", "gsm8k"}));
  EXPECT_EQ(whole.rates_ppm, (std::vector<int64_t>{30000, 50000, 100000, 200000}));
  EXPECT_EQ(whole.arms.size(), 7u);
  std::erase_if(records, [](const CellRecord& r) {
    return r.cell.Key() == "nano-shallow/boolq/autoif/longest/50000/1";
  });
  const GridResults grid = Grid(records);
  const RateSweep cut = FindRateSweep(grid, "nano-shallow", "autoif");
  EXPECT_EQ(cut.families, (std::vector<std::string>{"gsm8k"}));
  EXPECT_EQ(Lines(RateAveragesTable(grid, "nano-shallow", cut), {"| longest "}).size(), 4u);
  EXPECT_EQ(Lines(RatesTable(grid, "nano-shallow"), {"| boolq "}).size(), 7 * 4 - 1u);
}

TEST(ComparisonsTableTest, ThePairsHaveTheirFamiliesAndAnAverageBesideHolm) {
  const GridResults grid = Grid(SampleGrid(3));
  const std::string table = ComparisonsTable(grid, "nano-shallow", "autoif");
  EXPECT_EQ(Lines(table, {"| default - base_balanced "}).size(), 7 + 1u);
  const auto average = Lines(table, {"| default - base_balanced ", "| average "});
  ASSERT_EQ(average.size(), 1u);
  const std::vector<std::string> parts = absl::StrSplit(average[0], '|');
  EXPECT_EQ(parts[7], "      - ") << "not one of Holm's family";
  EXPECT_NE(parts[6], "      - ");
}

TEST(ComparisonsTableTest, OneSeedHasDifferencesAndNoTests) {
  const GridResults grid = Grid(SampleGrid(1));
  const auto lines =
      Lines(ComparisonsTable(grid, "nano-shallow", "autoif"), {"| longest - base ", "| mmlu "});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(std::count(lines[0].begin(), lines[0].end(), '|'), 14);
  EXPECT_TRUE(absl::StrContains(lines[0], "|   - |")) << lines[0];
}

TEST(TargetsTableTest, VerdictsOfASmallGridAreProvisional) {
  const std::vector<Target> targets = JudgeTargets(Grid(SampleGrid(1)), "nano-shallow");
  EXPECT_EQ(Lines(TargetsTable(targets, true), {"met (provisional)"}).size(),
            Lines(TargetsTable(targets, false), {"| met "}).size());
  EXPECT_EQ(Lines(TargetsTable(targets, true), {"PRIMARY", "not measured"}).size(), 1u);
}

}  // namespace
}  // namespace tuneward
