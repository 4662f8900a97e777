// A cell of the mixing experiment on the real engine: the user's file, the arm's rows, a training,
// the questions. Opens each model once. One thread; made in the process that runs the cells.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/base/status.h"
#include "sandbox/experiment/cell.h"
#include "sandbox/experiment/material.h"
#include "sandbox/experiment/settings.h"
#include "sandbox/tool/bench.h"

namespace tuneward {

class CellRunner {
 public:
  // Borrows the material. `models_folder` holds a folder for each model of `settings`;
  // `work_folder` is made.
  CellRunner(const ExperimentMaterial& material, std::string models_folder,
             std::map<std::string, ExperimentSettings> settings, EngineOptions engine,
             std::string work_folder);
  absl::StatusOr<CellRecord> Run(const Cell& cell);

 private:
  absl::StatusOr<Bench*> BenchOf(const std::string& model);

  const ExperimentMaterial& material_;
  const std::string models_folder_;
  const std::map<std::string, ExperimentSettings> settings_;  // by model
  const EngineOptions engine_;
  const std::string work_folder_;
  std::map<std::string, std::unique_ptr<Bench>> benches_;
};

}  // namespace tuneward
