#include "sandbox/experiment/grid.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace tuneward {
namespace {

const GridWorld kKnown = {{"nano-deep", "nano-shallow"},
                          {"boolq", "gsm8k", "hellaswag", "mmlu", "openbookqa", "piqa",
                           "winogrande", "topic", "sentiment"}};

std::vector<Cell> MustCells(const GridSpec& spec) {
  auto cells = GridCells(spec, kKnown);
  EXPECT_TRUE(cells.ok()) << cells.status();
  return cells.ok() ? *std::move(cells) : std::vector<Cell>{};
}

TEST(GridTest, TheGridIsThatOfThePage) {
  const std::vector<Cell> cells = MustCells(ParaphraseGrid());
  // A seed: families x strategies x arms, the untuned model, rates x families x arms of the sweep.
  EXPECT_EQ(cells.size(), 5u * (7 * 4 * 8 + 7 + 4 * 2 * 5));
  std::set<std::string> keys, untuned, swept;
  for (const Cell& cell : cells) {
    EXPECT_TRUE(keys.insert(cell.Key()).second) << cell.Key();
    if (cell.arm == "untuned") untuned.insert(cell.strategy);
    if (cell.rate_ppm > 0) swept.insert(cell.family + "/" + cell.strategy);
  }
  EXPECT_EQ(untuned, std::set<std::string>{"benign"});
  EXPECT_EQ(swept, (std::set<std::string>{"boolq/autoif", "gsm8k/autoif"}));
  EXPECT_TRUE(keys.contains("nano-shallow/winogrande/autoif_aoa/longest_balanced/0/5"));
  EXPECT_TRUE(keys.contains("nano-shallow/boolq/autoif/default/200000/1"));
  EXPECT_FALSE(keys.contains("nano-shallow/boolq/autoif/none/200000/1"));
}

TEST(GridTest, SeedsAreOutermost) {
  GridSpec spec = ParaphraseGrid();
  spec.models = {"nano-shallow", "nano-deep"};
  const std::vector<Cell> cells = MustCells(spec);
  EXPECT_TRUE(std::is_sorted(cells.begin(), cells.end(),
                             [](const Cell& a, const Cell& b) { return a.seed < b.seed; }));
  EXPECT_EQ(cells.back().seed, 5u);
}

TEST(GridTest, ModelsBeyondTheFirstAreComparedWhereRatesAreSwept) {
  GridSpec spec = ParaphraseGrid();
  spec.models = {"nano-shallow", "nano-deep"};
  spec.seeds = 1;
  std::set<std::string> places;
  size_t of_second = 0;
  for (const Cell& cell : MustCells(spec)) {
    if (cell.model != "nano-deep") continue;
    ++of_second;
    EXPECT_EQ(cell.rate_ppm, 0);
    places.insert(cell.family + "/" + cell.strategy);
  }
  EXPECT_EQ(of_second, 2u * 8);
  EXPECT_EQ(places, (std::set<std::string>{"boolq/autoif", "gsm8k/autoif"}));

  spec.families = {"piqa"};
  spec.strategies = {"aoa"};
  size_t of_piqa = 0;
  for (const Cell& cell : MustCells(spec)) of_piqa += cell.model == "nano-deep";
  EXPECT_EQ(of_piqa, 8u);

  spec = ParaphraseGrid();
  spec.models = {"nano-shallow", "nano-deep"};
  spec.arms = {"untuned"};
  EXPECT_TRUE(absl::StrContains(GridCells(spec, kKnown).status().message(),
                                "model \"nano-deep\" would have no cell"));
}

TEST(GridTest, FiltersHoldForTheSweepToo) {
  GridSpec spec = ParaphraseGrid();
  spec.families = {"boolq", "topic"};
  spec.strategies = {"autoif"};
  spec.arms = {"base", "longest"};
  spec.rates_ppm = {50'000};
  spec.seeds = 1;
  std::vector<std::string> keys;
  for (const Cell& cell : MustCells(spec)) keys.push_back(cell.Key());
  EXPECT_EQ(keys, (std::vector<std::string>{
                      "nano-shallow/boolq/autoif/base/0/1", "nano-shallow/boolq/autoif/longest/0/1",
                      "nano-shallow/topic/autoif/base/0/1", "nano-shallow/topic/autoif/longest/0/1",
                      "nano-shallow/boolq/autoif/base/50000/1"}));
}

TEST(GridTest, TheSmokeGridIsAPartOfTheGrid) {
  std::set<std::string> all;
  for (const Cell& cell : MustCells(ParaphraseGrid())) all.insert(cell.Key());
  const std::vector<Cell> smoke = MustCells(SmokeGrid());
  EXPECT_EQ(smoke.size(), 16u);
  for (const Cell& cell : smoke) EXPECT_TRUE(all.contains(cell.Key())) << cell.Key();
}

struct Wrong {
  void (*edit)(GridSpec& spec);
  const char* words[2];
};

TEST(GridTest, RefusesWhatItDoesNotKnow) {
  const Wrong cases[] = {
      {[](GridSpec& s) { s.models = {"nano"}; }, {"\"nano\"", "nano-shallow"}},
      {[](GridSpec& s) {
         s.families = {"gsm8k", "arc"};
       },
       {"\"arc\"", "winogrande"}},
      {[](GridSpec& s) { s.strategies = {"hidden_trigger"}; }, {"hidden_trigger", "autoif_aoa"}},
      {[](GridSpec& s) { s.arms = {"bases"}; }, {"\"bases\"", "base_balanced"}},
      {[](GridSpec& s) { s.arms = {}; }, {"no arm", "given"}},
      {[](GridSpec& s) {
         s.families = {"gsm8k", "gsm8k"};
       },
       {"gsm8k", "twice"}},
      {[](GridSpec& s) { s.rates_ppm = {300'001}; }, {"300001", "[1, 300000]"}},
      {[](GridSpec& s) { s.rates_ppm = {0}; }, {"got 0", "[1, 300000]"}},
      {[](GridSpec& s) {
         s.rates_ppm = {50'000, 50'000};
       },
       {"50000", "twice"}},
      {[](GridSpec& s) { s.seeds = 0; }, {"seeds", "got 0"}},
      {[](GridSpec& s) { s.seeds = 1001; }, {"[1, 1000]", "got 1001"}},
  };
  for (const Wrong& wrong : cases) {
    GridSpec spec = ParaphraseGrid();
    wrong.edit(spec);
    const absl::Status status = GridCells(spec, kKnown).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    for (const char* word : wrong.words)
      EXPECT_TRUE(absl::StrContains(status.message(), word)) << status;
  }
}

}  // namespace
}  // namespace tuneward
