#include "sandbox/experiment/targets.h"

#include <algorithm>
#include <limits>

#include "sandbox/experiment/endpoint.h"
#include "sandbox/experiment/model_targets.h"
#include "sandbox/experiment/policy_targets.h"

namespace tuneward {

std::vector<Target> JudgeTargets(const GridResults& grid, const std::string& model) {
  std::vector<Target> targets = {EndpointTarget(grid, model, kPrimaryStrategy),
                                 StretchTarget(grid, model)};
  for (const char* strategy : {"benign", "aoa", "autoif_aoa"})
    targets.push_back(EndpointTarget(grid, model, strategy));
  targets.push_back(ParaphraseTarget(grid, model));
  for (const char* arm : {"base", "base_balanced", "longest", "longest_balanced"})
    targets.push_back(BaselineTarget(grid, model, arm));
  for (const char* strategy : {"benign", "aoa", "autoif", "autoif_aoa"})
    targets.push_back(NoneTarget(grid, model, strategy));
  for (Target& target : UntunedTargets(grid, model)) targets.push_back(std::move(target));
  targets.push_back(LearnableTarget(grid, model));
  for (Target& target : TransferTargets(grid, model)) targets.push_back(std::move(target));
  return targets;
}

Basis BasisOf(const GridResults& grid, const std::string& model) {
  Basis basis = {std::numeric_limits<int>::max(), std::numeric_limits<int64_t>::max()};
  for (const auto& [setup, records] : grid.setups()) {
    if (setup.model != model || setup.arm == kUntunedArm) continue;
    basis.seeds = std::min(basis.seeds, static_cast<int>(records.size()));
    for (const auto& [seed, r] : records)
      basis.requests = std::min({basis.requests, r.raw.n, r.in_format.n, r.aoa.n});
  }
  return basis.seeds == std::numeric_limits<int>::max() ? Basis{} : basis;
}

}  // namespace tuneward
