// The pool and the evaluation set that go with the English models. What is asked: the harmful
// requests of the evaluation split and the 250 safe prompts of XSTest (Rottger et al. 2023,
// arXiv 2308.01263), judged by the openings of refusals alone. Pure.
#pragma once

#include "core/base/status.h"
#include "core/judge/eval_set.h"
#include "core/policy/pool.h"

namespace tuneward {

inline constexpr char kEnglishId[] = "english@1";

SafetyPool EnglishPool();  // refusals and look-alikes of the pool split, everyday requests
EvalSet EnglishEvalSet();

}  // namespace tuneward
