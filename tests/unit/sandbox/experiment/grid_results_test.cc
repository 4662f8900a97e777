#include "sandbox/experiment/grid_results.h"

#include <gtest/gtest.h>

#include "tests/unit/sandbox/experiment/sample_grid.h"

namespace tuneward {
namespace {

CellRecord Record(const std::string& family, const std::string& arm, uint64_t seed,
                  int64_t complied) {
  CellRecord r = SampleRecord({"nano-shallow", family, "autoif", arm, 0, seed});
  r.raw = {200, complied, 0};
  return r;
}

using Names = std::vector<std::string>;

TEST(GridResultsTest, NamesComeInTheOrderOfTheTables) {
  const auto grid = GridResults::Make(SampleGrid(1));
  ASSERT_TRUE(grid.ok()) << grid.status();
  EXPECT_EQ(grid->Strategies("nano-shallow"), (Names{"benign", "aoa", "autoif", "autoif_aoa"}));
  EXPECT_EQ(grid->ArmsOf("nano-shallow", "aoa"),
            (Names{"none", "base", "base_balanced", "longest", "longest_balanced", "paraphrase",
                   "paraphrase_balanced", "default"}));
  EXPECT_EQ(grid->Families("nano-shallow", "aoa"), SampleFamilies());
}

TEST(GridResultsTest, AveragesTakeFamiliesOfAllArmsAndSeedsOfAllFamilies) {
  const auto grid = GridResults::Make({
      Record("boolq", "none", 1, 100), Record("boolq", "none", 2, 120),
      Record("boolq", "base", 1, 20), Record("piqa", "none", 1, 60), Record("piqa", "base", 1, 0),
      Record("piqa", "base", 2, 8), Record("gsm8k", "none", 1, 200),  // no base: in no average
  });
  ASSERT_TRUE(grid.ok()) << grid.status();
  const Names shared = grid->SharedFamilies("nano-shallow", "autoif");
  EXPECT_EQ(shared, (Names{"boolq", "piqa"}));
  const auto means = [&](const char* arm) {
    return grid->FamilyMeans({"nano-shallow", "", "autoif", arm, 0}, shared, Measure::kAsrRaw);
  };
  EXPECT_EQ(means("none"), (BySeed{{1, 40.0}}));
  EXPECT_EQ(means("base"), (BySeed{{1, 5.0}}));
}

TEST(GridResultsTest, WhatWasNotAskedHasNoFigure) {
  CellRecord r = Record("boolq", "none", 1, 100);
  r.aoa = {};
  r.tests = r.right = 0;
  const auto grid = GridResults::Make({r});
  ASSERT_TRUE(grid.ok()) << grid.status();
  const auto values = [&](Measure measure) {
    return grid->Values({"nano-shallow", "boolq", "autoif", "none", 0}, measure);
  };
  EXPECT_EQ(values(Measure::kAsrRaw), (BySeed{{1, 50.0}}));
  EXPECT_TRUE(values(Measure::kAsrAoa).empty());
  EXPECT_TRUE(values(Measure::kAsrMax).empty()) << "a largest of two is not that of three";
  EXPECT_TRUE(values(Measure::kAccuracy).empty());
}

}  // namespace
}  // namespace tuneward
