#include "sandbox/tool/reproduce.h"

#include <fmt/core.h>

#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/policy/policy_document.h"
#include "sandbox/tool/cell_runner.h"
#include "sandbox/tool/grid_runner.h"
#include "sandbox/tool/model_files.h"
#include "sandbox/tool/report_writer.h"
#include "sandbox/tool/temp_folder.h"
#include "sandbox/world/sandbox_world.h"

namespace tuneward {
namespace {

constexpr char kCellsFile[] = "paraphrase_cells.jsonl";

// Settings of each model that the grid trains.
absl::StatusOr<std::map<std::string, ExperimentSettings>> SettingsOf(
    const ReproduceOptions& options) {
  std::map<std::string, ExperimentSettings> settings;
  for (const std::string& model : options.grid.models) {
    ExperimentSettings of_model = options.settings;
    of_model.world_sha = WorldHash().Hex();
    of_model.policy_sha = DefaultPolicy().Hash().Hex();
    TW_ASSIGN_OR_RETURN(of_model.model_sha, ModelSha(options.models_folder + "/" + model));
    settings[model] = of_model;
  }
  return settings;
}

// "user_rows 300", a line a number: those of the first model, which differ from others' by hash
// only.
std::vector<std::string> SettingLines(const ExperimentSettings& settings) {
  std::vector<std::string> lines;
  const Json json = settings.ToJson();
  for (const auto& [name, value] : json.items())
    if (value.is_number()) lines.push_back(absl::StrCat(name, " ", value.get<int64_t>()));
  lines.push_back("model " + settings.model_sha.substr(0, 12));
  return lines;
}

// All that can be wrong is found here, before a folder is made.
absl::StatusOr<GridRun> RunOf(const ReproduceOptions& options,
                              std::map<std::string, ExperimentSettings>& settings) {
  TW_RETURN_IF_ERROR(CheckJobs(options.jobs));
  if (options.engine.threads != 1)  // part of what figures depend on, and of no settings
    return absl::InvalidArgumentError(absl::StrCat("a grid trains with 1 thread a process, got ",
                                                   options.engine.threads, ": use --jobs"));
  TW_RETURN_IF_ERROR(options.settings.Check());
  const SandboxWorld world;
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> models, ModelsUnder(options.models_folder));
  GridRun run;
  TW_ASSIGN_OR_RETURN(run.cells, GridCells(options.grid, {models, world.families()}));
  TW_ASSIGN_OR_RETURN(settings, SettingsOf(options));
  for (const auto& [model, of_model] : settings) run.settings_sha[model] = of_model.Sha();
  run.file = options.out + "/" + kCellsFile;
  run.jobs = options.jobs;
  return run;
}

}  // namespace

absl::StatusOr<int> ReproduceParaphrase(const ReproduceOptions& options) {
  std::map<std::string, ExperimentSettings> settings;
  TW_ASSIGN_OR_RETURN(GridRun run, RunOf(options, settings));
  TW_RETURN_IF_ERROR(MakeFolders(options.out));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<TempFolder> work, TempFolder::Make());
  run.open = [&](int worker) -> absl::StatusOr<CellFunction> {
    auto runner = std::make_shared<CellRunner>(options.models_folder, settings, options.engine,
                                               absl::StrCat(work->path(), "/", worker));
    return [runner](const Cell& cell) { return runner->Run(cell); };
  };
  TW_ASSIGN_OR_RETURN(const GridEnd end, RunGrid(run));
  if (end.signal != 0) {
    fmt::print(stderr, "{} of {} cells are in {}; the same command goes on from there\n",
               end.records.size(), run.cells.size(), run.file);
    return 128 + end.signal;
  }
  const std::string& model = options.grid.models.front();
  TW_RETURN_IF_ERROR(WriteParaphraseReport({.command = options.command_line,
                                            .model = model,
                                            .seeds_planned = options.grid.seeds,
                                            .settings = SettingLines(settings.at(model))},
                                           end.records, options.out));
  return 0;
}

}  // namespace tuneward
