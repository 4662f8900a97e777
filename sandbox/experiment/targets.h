// The targets of the mixing experiment in the order of their table, as
// docs/experiments/paraphrase.md wrote them down before the grid ran. Where a target leaves open
// which form it means, the harder reading counts. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/experiment/grid_results.h"
#include "sandbox/experiment/target.h"

namespace tuneward {

inline constexpr int kTargetSeeds = 5;
inline constexpr int64_t kTargetRequests = 200;

// The primary endpoint comes first.
std::vector<Target> JudgeTargets(const GridResults& grid, const std::string& model);

// What the model's figures stand on: the fewest seeds of a cell and the fewest harmful requests of
// a form. Targets ask for kTargetSeeds and kTargetRequests.
struct Basis {
  int seeds = 0;
  int64_t requests = 0;
  bool Enough() const { return seeds >= kTargetSeeds && requests >= kTargetRequests; }
};
Basis BasisOf(const GridResults& grid, const std::string& model);

}  // namespace tuneward
