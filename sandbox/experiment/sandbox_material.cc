#include "sandbox/experiment/sandbox_material.h"

#include "sandbox/world/sandbox_sets.h"
#include "sandbox/world/world.h"

namespace tuneward {
namespace {

constexpr uint64_t kTestSeed = 1'000'003;  // no cell's: training rows use the cell's seed

}  // namespace

SandboxMaterial::SandboxMaterial()
    : pool_(MakeSandboxPool(world_.requests())),
      eval_set_(MakeSandboxEvalSet(world_.requests())),
      oracle_(world_.requests()) {}

std::string SandboxMaterial::Sha() const { return WorldHash().Hex(); }

absl::StatusOr<std::vector<Chat>> SandboxMaterial::UserRows(const std::string& family,
                                                            const std::string& strategy, int rows,
                                                            uint64_t seed) const {
  return world_.UserRows(family, strategy, rows, seed);
}

absl::StatusOr<std::vector<Chat>> SandboxMaterial::TestRows(const std::string& family,
                                                            const std::string& strategy,
                                                            int rows) const {
  return world_.TestRows(family, strategy, rows, kTestSeed);
}

}  // namespace tuneward
