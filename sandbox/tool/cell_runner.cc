#include "sandbox/tool/cell_runner.h"

#include <utility>

#include "core/base/file.h"
#include "sandbox/experiment/arm_plan.h"
#include "sandbox/experiment/grid_results.h"

namespace tuneward {
namespace {

TrainSpec SpecOf(const ExperimentSettings& settings) {
  TrainSpec spec;
  spec.epochs = static_cast<int>(settings.epochs);
  spec.batch_size = static_cast<int>(settings.batch_rows);
  spec.learning_rate = static_cast<double>(settings.learning_rate_ppm) / 1e6;
  spec.lora->rank = static_cast<int>(settings.lora_rank);
  spec.lora->alpha = static_cast<double>(settings.lora_alpha);
  return spec;
}

}  // namespace

CellRunner::CellRunner(const ExperimentMaterial& material, std::string models_folder,
                       std::map<std::string, ExperimentSettings> settings, EngineOptions engine,
                       std::string work_folder)
    : material_(material),
      models_folder_(std::move(models_folder)),
      settings_(std::move(settings)),
      engine_(std::move(engine)),
      work_folder_(std::move(work_folder)) {}

absl::StatusOr<Bench*> CellRunner::BenchOf(const std::string& model) {
  std::unique_ptr<Bench>& bench = benches_[model];
  if (bench == nullptr) {
    const ExperimentSettings& settings = settings_.at(model);
    TW_RETURN_IF_ERROR(MakeFolders(work_folder_));
    TW_ASSIGN_OR_RETURN(bench,
                        Bench::Open({.material = &material_,
                                     .model = models_folder_ + "/" + model,
                                     .chat_template = settings.chat_template,
                                     .prompts = static_cast<int>(settings.prompts),
                                     .tests = static_cast<int>(settings.tests),
                                     .answer_tokens = static_cast<int>(settings.answer_tokens),
                                     .questions = false,
                                     .spec = SpecOf(settings),
                                     .engine = engine_,
                                     .work_folder = work_folder_}));
  }
  return bench.get();
}

absl::StatusOr<CellRecord> CellRunner::Run(const Cell& cell) {
  TW_ASSIGN_OR_RETURN(Bench* const bench, BenchOf(cell.model));
  const ExperimentSettings& settings = settings_.at(cell.model);
  // The untuned model is asked in the format of a file to which nothing is added.
  const bool untuned = cell.arm == kUntunedArm;
  TW_ASSIGN_OR_RETURN(const Arm* const arm, FindArm(untuned ? "none" : cell.arm));
  ArmRequest request{.arm = *arm,
                     .rate_ppm = cell.rate_ppm,
                     .seed = cell.seed,
                     .user = {},
                     .pool = material_.pool(),
                     .tokens = [bench](const Chat& chat) { return bench->TokensOf(chat); },
                     .context = bench->context()};
  TW_ASSIGN_OR_RETURN(request.user,
                      material_.UserRows(cell.family, cell.strategy,
                                         static_cast<int>(settings.user_rows), cell.seed));
  TW_ASSIGN_OR_RETURN(const ArmPlan mixed, PlanArm(request));
  auto outcome =
      untuned ? bench->Untuned(cell, mixed.plan) : bench->Run(cell, request.user, mixed.plan);
  if (!outcome.ok()) return outcome.status();
  outcome->record.settings_sha = settings.Sha();
  return std::move(outcome->record);
}

}  // namespace tuneward
