// The rows, pool and evaluation set of the sandbox's world, or of its English with public task
// rows, as the files of an operator's grid: an example of the formats, a check that both ways to a
// figure agree, and what the experiment on real text is made from. No model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"

namespace tuneward {

struct ExportOptions {
  bool english = false;               // sandbox/english; else the world
  std::vector<std::string> families;  // none: all task families
  int rows = 300, tests = 100;        // of each family
  uint64_t seed = 1;                  // of the world's rows for training
  std::string out;                    // folder, made where there is none
};

// OUT/rows/FAMILY.jsonl, OUT/pool.json, OUT/prompts.json; a question that is there already is left
// out. The world's rows for training are those of the seed, rows for tests those of the sandbox's
// grids. English has 300 and 100 of a family: INVALID_ARGUMENT for more, and for an unknown family.
absl::Status ExportMaterial(const ExportOptions& options);

}  // namespace tuneward
