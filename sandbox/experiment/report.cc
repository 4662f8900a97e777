#include "sandbox/experiment/report.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "absl/strings/str_join.h"

#include "sandbox/experiment/endpoint.h"
#include "sandbox/experiment/frontier_picture.h"
#include "sandbox/experiment/grid_results.h"
#include "sandbox/experiment/rate_picture.h"
#include "sandbox/experiment/rate_sweep.h"
#include "sandbox/experiment/result_rows.h"
#include "sandbox/experiment/tables.h"
#include "sandbox/experiment/targets.h"
#include "sandbox/experiment/verdict_tables.h"

namespace tuneward {
namespace {

constexpr size_t kMostMissingShown = 20;

constexpr char kReading[] =
    "ASR: attack success rate, the share of harmful requests that are complied with; raw, in the\n"
    "user's own format, under the AOA persona; *largest*: the largest of the three, seed by seed;\n"
    "*held out*: raw, categories of which no safety row is. *Refuses safe*: over-refusal, safe\n"
    "look-alikes that are refused. All in percent, means over seeds \u00b1 half of Student's 95 %\n"
    "interval over seeds. Rows and tokens are what was mixed in (the default's : "
    "base_balanced's).\n"
    "All rules: docs/experiments/paraphrase.md.\n";

std::string Missing(std::vector<std::string> keys) {
  if (keys.empty()) return "";
  std::sort(keys.begin(), keys.end());
  std::string text =
      fmt::format("\n**{} planned cell{} missing**, and left out of what follows:\n\n", keys.size(),
                  keys.size() == 1 ? " is" : "s are");
  const size_t shown = std::min(keys.size(), kMostMissingShown);
  for (size_t i = 0; i < shown; ++i) text += "- `" + keys[i] + "`\n";
  if (shown < keys.size()) text += fmt::format("- and {} more\n", keys.size() - shown);
  return text;
}

std::string Origin(const ReportHeader& header, const GridResults& grid, size_t records) {
  std::string text = fmt::format(
      "    {}\n\nCommit {}, {}, {}. Model {}; {} records; seeds planned: {}.\n", header.command,
      header.commit, header.machine, header.date, header.model, records, header.seeds_planned);
  if (!header.settings.empty())
    text += "\nSettings:\n\n- " + absl::StrJoin(header.settings, "\n- ") + "\n";
  if (!header.material.empty())
    text +=
        "\nAn operator's grid: docs/experiments/operator_grid.md. The sandbox's targets do not "
        "apply and\nnone is judged.\n\n- " +
        absl::StrJoin(header.material, "\n- ") + "\n";
  const Basis basis = BasisOf(grid, header.model);
  if (!basis.Enough())
    text += fmt::format(
        "\n**Provisional**: the {} ask for {} seeds and {} requests of each form; the "
        "smallest\n"
        "cell here has {} and {}.\n",
        header.material.empty() ? "targets" : "rules", kTargetSeeds, kTargetRequests, basis.seeds,
        basis.requests);
  return text + Missing(header.missing);
}

std::string Title(std::string_view title) { return fmt::format("\n## {}\n\n", title); }

// A title before what it is of, where that is anything.
std::string Section(std::string_view title, const std::string& text) {
  return text.empty() ? "" : Title(title) + text;
}

std::string StrategySection(const GridResults& grid, const std::string& model,
                            const std::string& strategy) {
  return Title(strategy) +
         fmt::format("Over {}:\n\n",
                     FamiliesText(static_cast<int>(grid.SharedFamilies(model, strategy).size()))) +
         AveragesTable(grid, model, strategy) + "\n" + CellsTable(grid, model, strategy);
}

std::string RateSection(const GridResults& grid, const std::string& model) {
  const RateSweep sweep = FindRateSweep(grid, model, kPrimaryStrategy);
  std::string text = RatesTable(grid, model);
  if (!sweep.families.empty())
    text = fmt::format("Over {}, {}:\n\n", absl::StrJoin(sweep.families, " and "), sweep.strategy) +
           RateAveragesTable(grid, model, sweep) + "\n" + text;
  return Section("Rates", text);
}

std::string OtherModels(const GridResults& grid, const std::string& model) {
  std::string text;
  for (const std::string& other : grid.Models())
    for (const std::string& strategy : grid.Strategies(other))
      if (other != model)
        text += Section(other + ", " + strategy, AveragesTable(grid, other, strategy));
  return text;
}

std::string Page(const ReportHeader& header, const GridResults& grid,
                 const std::vector<Target>& targets, size_t records,
                 const std::vector<ReportFile>& pictures) {
  const std::string& model = header.model;
  std::string page = "# Mixing safety rows into fine-tuning data\n\n";
  page += Origin(header, grid, records);
  if (header.material.empty())
    page += Section("Targets", TargetsTable(targets, !BasisOf(grid, model).Enough()));
  page += "\n" + std::string(kReading);
  for (const ReportFile& picture : pictures)
    page += fmt::format("\n![{}]({})\n", picture.name, picture.name);
  page += Section(fmt::format("{}: {}",
                              header.material.empty() ? "The primary endpoint"
                                                      : "Default against base_balanced",
                              kPrimaryStrategy),
                  EndpointTable(MakeEndpoint(grid, model, kPrimaryStrategy)));
  page += Section("Before tuning", UntunedTable(grid, model));
  for (const std::string& strategy : grid.Strategies(model))
    page += StrategySection(grid, model, strategy);
  page += RateSection(grid, model);
  for (const std::string& strategy : grid.Strategies(model))
    page += Section("Paired comparisons: " + strategy, ComparisonsTable(grid, model, strategy));
  return page + OtherModels(grid, model);
}

}  // namespace

absl::StatusOr<std::vector<ReportFile>> MakeParaphraseReport(
    const ReportHeader& header, const std::vector<CellRecord>& records) {
  TW_ASSIGN_OR_RETURN(const GridResults grid, GridResults::Make(records));
  const std::vector<std::string> models = grid.Models();
  if (std::find(models.begin(), models.end(), header.model) == models.end())
    return absl::InvalidArgumentError(fmt::format("no record of model \"{}\"; there are {}",
                                                  header.model, absl::StrJoin(models, ", ")));
  std::vector<Target> targets;
  if (header.material.empty()) targets = JudgeTargets(grid, header.model);
  std::vector<ReportFile> pictures = {
      {"paraphrase_frontier.svg", FrontierPicture(grid, header.model)},
      {"paraphrase_rate.svg", RatePicture(grid, header.model)},
  };
  std::erase_if(pictures, [](const ReportFile& file) { return file.text.empty(); });
  std::vector<ReportFile> files = {
      {"paraphrase.md", Page(header, grid, targets, records.size(), pictures)},
      {"paraphrase.json", ResultRows(header, grid, targets)},
  };
  for (ReportFile& picture : pictures) files.push_back(std::move(picture));
  return files;
}

}  // namespace tuneward
