// The picture of the trade: each arm's attack success against its over-refusal, averaged over
// families, with the families behind it and the target's region. Pure.
#pragma once

#include <string>

#include "sandbox/experiment/grid_results.h"

namespace tuneward {

// An SVG document of the primary strategy; empty where no arm has a mean of both rates.
std::string FrontierPicture(const GridResults& grid, const std::string& model);

}  // namespace tuneward
