// The picture of the rate sweep: attack success and over-refusal against how much is mixed in, a
// curve an arm. Pure.
#pragma once

#include <string>

#include "sandbox/experiment/grid_results.h"

namespace tuneward {

// An SVG document of the primary strategy, averaged over the families that have every arm at every
// rate; empty where there is no sweep.
std::string RatePicture(const GridResults& grid, const std::string& model);

}  // namespace tuneward
