// Targets about what is mixed in: the default policy's endpoint and its stretch, the paraphrase of
// safety rows, the baselines. Of records at the policy's own rate. Pure.
#pragma once

#include <string>

#include "sandbox/experiment/grid_results.h"
#include "sandbox/experiment/target.h"

namespace tuneward {

// The primary endpoint (endpoint.h) where `strategy` is its own, else the same of another strategy.
Target EndpointTarget(const GridResults& grid, const std::string& model,
                      const std::string& strategy);
Target StretchTarget(const GridResults& grid, const std::string& model);
// Wherever `none` has 60 % by any form, `paraphrase` has at most 1 % in the user's format.
Target ParaphraseTarget(const GridResults& grid, const std::string& model);
// No bound: its figures as they come out.
Target BaselineTarget(const GridResults& grid, const std::string& model, const std::string& arm);

}  // namespace tuneward
