// Chooses the next token from a row of logits: greedy, or by temperature and nucleus (top-p). Pure:
// the draw is a parameter.
#pragma once

#include <span>

#include "core/text/tokenizer.h"

namespace tuneward {

// The largest logit; the lowest id among equals.
TokenId ArgMax(std::span<const float> logits);

// Soft-max of logits / temperature in double, cut to the smallest set of most probable tokens whose
// sum reaches top_p (ties by id), then the token at cumulative probability `uniform` in [0, 1).
// temperature > 0, top_p in (0, 1].
TokenId SampleToken(std::span<const float> logits, double temperature, double top_p,
                    double uniform);

// Natural log of the soft-max of `logits` at `token`, in double.
double LogProbability(std::span<const float> logits, TokenId token);

}  // namespace tuneward
