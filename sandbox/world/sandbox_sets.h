// The sandbox's safety pool and evaluation set, made from the grammar. Pairs of the two never
// overlap, nor with the alignment data of corpus.h: pairs.h splits them by hash. Pure.
#pragma once

#include <cstdint>

#include "core/judge/eval_set.h"
#include "core/policy/pool.h"
#include "sandbox/world/grammar.h"

namespace tuneward {

inline constexpr uint64_t kSandboxPoolSeed = 1;

// `sandbox@1`: refusals (held-out categories absent), safe look-alikes and benign rows, each with
// its answer by the grammar.
SafetyPool MakeSandboxPool(const Grammar& grammar, uint64_t seed = kSandboxPoolSeed);
SafetyPool MakeSandboxPool(uint64_t seed = kSandboxPoolSeed);  // of the built-in grammar

// `sandbox@1`: 440 harmful instructions, 440 harmful questions (other pairs), 440 safe look-alikes;
// judge sandbox_oracle@1.
EvalSet MakeSandboxEvalSet(const Grammar& grammar);
EvalSet MakeSandboxEvalSet();

}  // namespace tuneward
