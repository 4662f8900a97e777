// The sandbox's own rows, pool and evaluation set as the files of an operator's grid: an example of
// the formats, and a check that both ways to a figure agree. No model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"

namespace tuneward {

struct ExportOptions {
  std::vector<std::string> families;  // none: all task families
  int rows = 300, tests = 100;        // of each family
  uint64_t seed = 1;                  // of the rows for training
  std::string out;                    // folder, made where there is none
};

// OUT/rows/FAMILY.jsonl, OUT/pool.json, OUT/prompts.json; a question that is there already is left
// out. Rows for training are those of the seed, rows for tests those of the sandbox's grids.
absl::Status ExportMaterial(const ExportOptions& options);

}  // namespace tuneward
