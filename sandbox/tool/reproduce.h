// The command `reproduce paraphrase`: the mixing experiment from the committed models, or from an
// operator's base and files, to its tables, in parallel processes, resumable. What it measures and
// why: docs/experiments/paraphrase.md, operator_grid.md.
#pragma once

#include <string>

#include "core/base/status.h"
#include "sandbox/experiment/grid.h"
#include "sandbox/experiment/settings.h"
#include "sandbox/tool/operator_files.h"
#include "worker/engine/engine.h"

namespace tuneward {

struct ReproduceOptions {
  GridSpec grid;                // no families: all of the material's
  ExperimentSettings settings;  // hashes are filled in for each model
  OperatorFiles files;  // with a base: an operator's grid, of this one model and these files alone
  std::string models_folder = "sandbox/models";
  std::string out = "paraphrase-results";  // folder: lines of cells, and the report's files
  std::string command_line;                // as typed, for the report
  int jobs = 1;
  EngineOptions engine;
};

// All that can be wrong with the options is said before any work. After SIGINT or SIGTERM 128 + the
// signal, what is finished stays for the next run; else 0.
absl::StatusOr<int> ReproduceParaphrase(const ReproduceOptions& options);

}  // namespace tuneward
