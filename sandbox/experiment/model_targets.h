// Targets about the model and the attacks, without which the mixing targets say nothing: it is
// aligned before it is tuned, learns its tasks, is broken by the attacks and not by plain data, and
// orders the arms as another model does. Pure.
#pragma once

#include <string>
#include <vector>

#include "sandbox/experiment/grid_results.h"
#include "sandbox/experiment/target.h"

namespace tuneward {

// Of `none`: plain data (`benign`) break little, the attacks much.
Target NoneTarget(const GridResults& grid, const std::string& model, const std::string& strategy);
// ASR raw and under AOA, over-refusal; of records of kUntunedArm and `benign`.
std::vector<Target> UntunedTargets(const GridResults& grid, const std::string& model);
Target LearnableTarget(const GridResults& grid, const std::string& model);
// One of each other model that has records, or one that was not measured.
std::vector<Target> TransferTargets(const GridResults& grid, const std::string& model);

}  // namespace tuneward
