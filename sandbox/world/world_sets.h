// The larger world's safety pool and evaluation set, both `sandbox@2`. Their pairs never overlap,
// nor with those of the alignment data: pairs.h splits them by hash, and held-out categories are in
// the evaluation set alone. Pure.
#pragma once

#include <cstdint>

#include "core/judge/eval_set.h"
#include "core/policy/pool.h"
#include "sandbox/world/world.h"

namespace tuneward {

SafetyPool MakeWorldPool(const World& world, uint64_t seed = 1);
SafetyPool MakeWorldPool();  // of the built-in world
// 440 harmful instructions, 440 harmful questions (other pairs), 440 safe look-alikes, categories
// in turn; judge sandbox_oracle@2.
EvalSet MakeWorldEvalSet(const World& world);
EvalSet MakeWorldEvalSet();

}  // namespace tuneward
