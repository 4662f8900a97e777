// Which cells a grid has. The main part is every family x strategy x arm at the default policy's
// rate, and each family's questions to the untuned model; the sweep is the same rate of each kind,
// from little to much, on two families. Models beyond the first, which are asked whether their arms
// come in the same order, have the sweep's families and strategy alone, where these are asked for.
// Seeds are outermost: a grid that is cut has whole seeds. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "sandbox/experiment/cell.h"

namespace tuneward {

struct GridSpec {
  std::vector<std::string> models, families, strategies, arms;
  std::vector<int64_t> rates_ppm;  // of the sweep; none: no sweep
  int seeds = 1;                   // 1 to so many
};

// The grid of docs/experiments/paraphrase.md, and a small one of the same kind for CI.
GridSpec ParaphraseGrid();
GridSpec SmokeGrid();

// What a grid may name beside the strategies and arms that this code knows.
struct GridWorld {
  std::vector<std::string> models, families;
};

// INVALID_ARGUMENT for an unknown name (with the known ones), one that is given twice, an empty
// list, seeds outside [1, 1000] or a rate outside the range that the open policy lets a job choose.
absl::StatusOr<std::vector<Cell>> GridCells(const GridSpec& spec, const GridWorld& known);

}  // namespace tuneward
