#include "sandbox/tool/reproduce.h"

#include <fmt/core.h>

#include <filesystem>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/judge/catalogue.h"
#include "core/policy/policy_document.h"
#include "sandbox/experiment/sandbox_material.h"
#include "sandbox/tool/cell_runner.h"
#include "sandbox/tool/grid_runner.h"
#include "sandbox/tool/material_check.h"
#include "sandbox/tool/model_files.h"
#include "sandbox/tool/report_writer.h"
#include "sandbox/tool/temp_folder.h"

namespace tuneward {
namespace {

constexpr char kCellsFile[] = "paraphrase_cells.jsonl";

absl::StatusOr<std::unique_ptr<const ExperimentMaterial>> MaterialOf(
    const ReproduceOptions& options) {
  const OperatorFiles& files = options.files;
  if (files.base.empty() && files.rows.empty() && files.eval_set.empty() && files.pool.empty() &&
      files.judge.empty())
    return std::make_unique<const SandboxMaterial>();
  return ReadOperatorMaterial(files, static_cast<int>(options.settings.tests));
}

// With an operator's base: its folder is the only model.
ReproduceOptions WithBase(ReproduceOptions options) {
  if (options.files.base.empty()) return options;
  const std::filesystem::path folder =
      std::filesystem::absolute(options.files.base + "/").lexically_normal().parent_path();
  options.models_folder = folder.parent_path().string();
  options.grid.models = {folder.filename().string()};
  return options;
}

// Settings of each model that the grid trains.
absl::StatusOr<std::map<std::string, ExperimentSettings>> SettingsOf(
    const ReproduceOptions& options, const ExperimentMaterial& material) {
  std::map<std::string, ExperimentSettings> settings;
  for (const std::string& model : options.grid.models) {
    ExperimentSettings of_model = options.settings;
    of_model.world_sha = material.Sha();
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

// What stands in place of the sandbox's world, a line each; none where nothing does.
std::vector<std::string> MaterialLines(const ReproduceOptions& options,
                                       const ExperimentMaterial& material,
                                       const ExperimentSettings& settings) {
  if (options.files.base.empty()) return {};
  const std::string judge(material.judge().id());
  const JudgeEntry* const entry = FindJudge(judge);
  const bool alone = entry != nullptr && entry->gates_alone;
  return {
      absl::StrCat("pool ", material.pool().id, " ", material.pool().Hash().Hex().substr(0, 12)),
      absl::StrCat("evaluation set ", material.eval_set().id, " ",
                   material.eval_set().Hash().Hex().substr(0, 12)),
      absl::StrCat("judge ", judge,
                   alone ? "" : ", which presumes: read its figures beside another judge's"),
      absl::StrCat("rewriter ", options.files.rewriter),
      absl::StrCat("chat template ", settings.chat_template),
      absl::StrCat("engine ", settings.engine)};
}

// All that can be wrong is found here, before a folder is made.
absl::StatusOr<GridRun> RunOf(const ReproduceOptions& options, const ExperimentMaterial& material,
                              std::map<std::string, ExperimentSettings>& settings) {
  TW_RETURN_IF_ERROR(CheckJobs(options.jobs));
  if (options.engine.threads != 1)  // part of what figures depend on, and of no settings
    return absl::InvalidArgumentError(absl::StrCat("a grid trains with 1 thread a process, got ",
                                                   options.engine.threads, ": use --jobs"));
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> models, ModelsUnder(options.models_folder));
  GridRun run;
  TW_ASSIGN_OR_RETURN(run.cells, GridCells(options.grid, {models, material.families()}));
  if (!options.files.base.empty())
    TW_RETURN_IF_ERROR(
        CheckMaterial(material, options.grid, options.settings, options.models_folder));
  TW_ASSIGN_OR_RETURN(settings, SettingsOf(options, material));
  for (const auto& [model, of_model] : settings) run.settings_sha[model] = of_model.Sha();
  run.file = options.out + "/" + kCellsFile;
  run.jobs = options.jobs;
  return run;
}

}  // namespace

absl::StatusOr<int> ReproduceParaphrase(const ReproduceOptions& asked) {
  ReproduceOptions options = WithBase(asked);
  TW_RETURN_IF_ERROR(options.settings.Check());
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<const ExperimentMaterial> material,
                      MaterialOf(options));
  if (options.grid.families.empty()) options.grid.families = material->families();
  std::map<std::string, ExperimentSettings> settings;
  TW_ASSIGN_OR_RETURN(GridRun run, RunOf(options, *material, settings));
  TW_RETURN_IF_ERROR(MakeFolders(options.out));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<TempFolder> work, TempFolder::Make());
  run.open = [&](int worker) -> absl::StatusOr<CellFunction> {
    auto runner =
        std::make_shared<CellRunner>(*material, options.models_folder, settings, options.engine,
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
  TW_RETURN_IF_ERROR(
      WriteParaphraseReport({.command = options.command_line,
                             .model = model,
                             .seeds_planned = options.grid.seeds,
                             .settings = SettingLines(settings.at(model)),
                             .material = MaterialLines(options, *material, settings.at(model))},
                            end.records, options.out));
  return 0;
}

}  // namespace tuneward
