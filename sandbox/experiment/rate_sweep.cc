#include "sandbox/experiment/rate_sweep.h"

#include <set>

namespace tuneward {

RateSweep FindRateSweep(const GridResults& grid, const std::string& model,
                        const std::string& strategy) {
  std::set<std::string> families, arms;
  std::set<int64_t> rates;
  for (const auto& [setup, records] : grid.setups()) {
    if (setup.model != model || setup.strategy != strategy || setup.rate_ppm == 0) continue;
    families.insert(setup.family);
    arms.insert(setup.arm);
    rates.insert(setup.rate_ppm);
  }
  RateSweep sweep = {.strategy = strategy};
  sweep.arms = InArmOrder({arms.begin(), arms.end()});
  sweep.rates_ppm = {rates.begin(), rates.end()};
  for (const std::string& family : families) {
    bool whole = true;
    for (const std::string& arm : arms)
      for (const int64_t rate : rates)
        whole = whole && grid.setups().contains({model, family, strategy, arm, rate});
    if (whole) sweep.families.push_back(family);
  }
  return sweep;
}

}  // namespace tuneward
