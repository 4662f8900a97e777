// What a grid's rate sweep holds: the arms, rates and families that have every arm at every rate,
// so that its averages compare the same. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/experiment/grid_results.h"

namespace tuneward {

struct RateSweep {
  std::string strategy;
  std::vector<std::string> families, arms;  // no family: nothing to average
  std::vector<int64_t> rates_ppm;           // rising
};

RateSweep FindRateSweep(const GridResults& grid, const std::string& model,
                        const std::string& strategy);

}  // namespace tuneward
