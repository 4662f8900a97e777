// The sandbox's safety pool and evaluation set, both `sandbox@2`. Their pairs never overlap, nor
// with those of the alignment data: pairs.h splits them by hash, and held-out categories are in the
// evaluation set alone. Pure.
#pragma once

#include <cstdint>

#include "core/judge/eval_set.h"
#include "core/policy/pool.h"
#include "sandbox/world/grammar.h"

namespace tuneward {

inline constexpr uint64_t kSandboxPoolSeed = 1;

// Refusals, safe look-alikes and benign rows, each with its answer by the grammar.
SafetyPool MakeSandboxPool(const Grammar& grammar, uint64_t seed = kSandboxPoolSeed);
SafetyPool MakeSandboxPool(uint64_t seed = kSandboxPoolSeed);  // of the built-in world

// 440 harmful instructions, 440 harmful questions (other pairs), 440 safe look-alikes, categories
// in turn; judge sandbox_oracle@2.
EvalSet MakeSandboxEvalSet(const Grammar& grammar);
EvalSet MakeSandboxEvalSet();

}  // namespace tuneward
