#include "sandbox/experiment/result_rows.h"

#include <cmath>
#include <map>

#include <fmt/format.h>

#include "core/base/json.h"

namespace tuneward {
namespace {

using Row = nlohmann::ordered_json;

constexpr Measure kMeasures[] = {
    Measure::kAsrRaw,         Measure::kAsrInFormat,         Measure::kAsrAoa,  Measure::kAsrMax,
    Measure::kOverRefusalRaw, Measure::kOverRefusalInFormat, Measure::kAccuracy};

double Rounded(double value, double parts = 1e4) { return std::round(value * parts) / parts; }

Row WithOrigin(Row row, const ReportHeader& header) {
  row["command"] = header.command;
  row["commit"] = header.commit;
  row["machine"] = header.machine;
  row["date"] = header.date;
  return row;
}

Row TargetRow(const std::string& name, const Target& target) {
  Row row = {{"name", name}, {"unit", target.unit}};
  if (!target.value) {
    row["status"] = "not_run: " + (target.note.empty() ? "no records" : target.note);
    return row;
  }
  // As exact as the verdict: who compares it with the goal finds the same.
  row["value"] = Rounded(*target.value, 1e9);
  row["better"] = target.higher_is_better ? "higher" : "lower";
  if (target.goal) row["goal"] = *target.goal;
  return row;
}

Row MeasureRow(const std::string& name, Measure measure, double value) {
  return {{"name", name},
          {"unit", "%"},
          {"value", Rounded(value)},
          {"better", measure == Measure::kAccuracy ? "higher" : "lower"}};
}

}  // namespace

std::string ResultRows(const ReportHeader& header, const GridResults& grid,
                       const std::vector<Target>& targets) {
  std::map<std::string, Row> rows;
  for (const std::string& strategy : grid.Strategies(header.model)) {
    const std::vector<std::string> families = grid.SharedFamilies(header.model, strategy);
    for (const std::string& arm : grid.ArmsOf(header.model, strategy))
      for (const Measure measure : kMeasures) {
        const SeedMean mean = MeanOverSeeds(
            grid.FamilyMeans({header.model, "", strategy, arm, 0}, families, measure));
        const std::string name =
            fmt::format("{}.{}.{}.{}", header.material.empty() ? "sandbox" : "operator", arm,
                        strategy, MeasureName(measure));
        if (mean.n > 0) rows[name] = MeasureRow(name, measure, mean.mean);
      }
  }
  for (const Target& target : targets) {
    const std::string name = "sandbox.targets." + target.name;
    rows[name] = TargetRow(name, target);
  }
  Row list = Row::array();
  for (const auto& [name, row] : rows) list.push_back(WithOrigin(row, header));
  return list.dump(1) + "\n";
}

}  // namespace tuneward
