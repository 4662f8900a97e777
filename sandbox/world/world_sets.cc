#include "sandbox/world/world_sets.h"

#include "sandbox/world/sandbox_sets.h"

namespace tuneward {

SafetyPool MakeWorldPool(const World& world, uint64_t seed) {
  return MakeSandboxPool(world.requests, seed);
}

SafetyPool MakeWorldPool() { return MakeWorldPool(BuiltInWorld()); }

EvalSet MakeWorldEvalSet(const World& world) { return MakeSandboxEvalSet(world.requests); }

EvalSet MakeWorldEvalSet() { return MakeWorldEvalSet(BuiltInWorld()); }

}  // namespace tuneward
