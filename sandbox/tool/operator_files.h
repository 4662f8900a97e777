// The files of an operator's grid, read and checked before any work: rows, pool, evaluation set,
// judge, and the base's folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "sandbox/experiment/operator_material.h"

namespace tuneward {

struct OperatorFiles {
  std::string base;               // folder of a checkpoint; empty: no operator's grid
  std::vector<std::string> rows;  // FAMILY=FILE, or a folder whose *.jsonl are families
  std::string eval_set, pool;     // files
  std::string judge;              // id; empty: the evaluation set's
  std::string rewriter = "template";
};

// `tests`: rows that no training gets. Errors name the file, the place in it and the value; an
// unknown judge or rewriter with the known ones.
absl::StatusOr<std::unique_ptr<const ExperimentMaterial>> ReadOperatorMaterial(
    const OperatorFiles& files, int tests);

}  // namespace tuneward
