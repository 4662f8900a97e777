#include "sandbox/experiment/tables.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sandbox/experiment/figure_text.h"
#include "sandbox/experiment/markdown_table.h"

namespace tuneward {
namespace {

using Row = std::vector<std::string>;

constexpr std::pair<Measure, const char*> kColumns[] = {
    {Measure::kAsrRaw, "ASR raw"},
    {Measure::kAsrInFormat, "in format"},
    {Measure::kAsrAoa, "AOA"},
    {Measure::kAsrMax, "largest"},
    {Measure::kAsrHeldOut, "held out"},
    {Measure::kOverRefusalRaw, "refuses safe"},
    {Measure::kOverRefusalInFormat, "in format"},
    {Measure::kAccuracy, "accuracy"},
    {Measure::kAddedRows, "rows"},
    {Measure::kAddedTokens, "tokens"},
};

Row Head(Row first) {
  first.push_back("seeds");
  for (const auto& [measure, title] : kColumns) first.push_back(title);
  return first;
}

// `values` of a measure are BySeed.
template <typename Values>
Row Figures(Row first, Values values) {
  first.push_back(fmt::format("{}", values(Measure::kAddedRows).size()));
  for (const auto& [measure, title] : kColumns) {
    const bool counts = measure == Measure::kAddedRows || measure == Measure::kAddedTokens;
    const SeedMean mean = MeanOverSeeds(values(measure));
    first.push_back(counts ? CountText(mean) : MeanText(mean));
  }
  return first;
}

std::string RateText(int64_t ppm) { return fmt::format("{:g} %", static_cast<double>(ppm) / 1e4); }

}  // namespace

std::string AveragesTable(const GridResults& grid, const std::string& model,
                          const std::string& strategy) {
  const std::vector<std::string> families = grid.SharedFamilies(model, strategy);
  std::vector<Row> rows = {Head({"arm"})};
  for (const std::string& arm : grid.ArmsOf(model, strategy))
    rows.push_back(Figures({arm}, [&](Measure measure) {
      return grid.FamilyMeans({model, "", strategy, arm, 0}, families, measure);
    }));
  return MarkdownTable(rows);
}

std::string CellsTable(const GridResults& grid, const std::string& model,
                       const std::string& strategy) {
  std::vector<Row> rows = {Head({"family", "arm"})};
  for (const std::string& family : grid.Families(model, strategy))
    for (const std::string& arm : grid.ArmsOf(model, strategy)) {
      const Setup setup = {model, family, strategy, arm, 0};
      if (grid.setups().contains(setup))
        rows.push_back(
            Figures({family, arm}, [&](Measure measure) { return grid.Values(setup, measure); }));
    }
  return MarkdownTable(rows, 2);
}

std::string UntunedTable(const GridResults& grid, const std::string& model) {
  std::vector<Row> rows = {Head({"family", "strategy"})};
  for (const auto& [setup, records] : grid.setups())
    if (setup.model == model && setup.arm == kUntunedArm)
      rows.push_back(Figures({setup.family, setup.strategy}, [&, key = setup](Measure measure) {
        return grid.Values(key, measure);
      }));
  return rows.size() == 1 ? "" : MarkdownTable(rows, 2);
}

std::string RateAveragesTable(const GridResults& grid, const std::string& model,
                              const RateSweep& sweep) {
  std::vector<Row> rows = {Head({"arm", "rate"})};
  for (const std::string& arm : sweep.arms)
    for (const int64_t rate : sweep.rates_ppm)
      rows.push_back(Figures({arm, RateText(rate)}, [&](Measure measure) {
        return grid.FamilyMeans({model, "", sweep.strategy, arm, rate}, sweep.families, measure);
      }));
  return MarkdownTable(rows);
}

std::string RatesTable(const GridResults& grid, const std::string& model) {
  std::vector<Row> rows = {Head({"family", "strategy", "arm", "rate"})};
  std::vector<std::string> names;
  for (const auto& [setup, records] : grid.setups()) names.push_back(setup.arm);
  names = InArmOrder(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& arm : names)
    for (const auto& [setup, records] : grid.setups())
      if (setup.model == model && setup.arm == arm && setup.rate_ppm > 0)
        rows.push_back(Figures({setup.family, setup.strategy, arm, RateText(setup.rate_ppm)},
                               [&](Measure measure) { return grid.Values(setup, measure); }));
  return rows.size() == 1 ? "" : MarkdownTable(rows, 3);
}

}  // namespace tuneward
