// The estimate of memory_estimate.h held against this process and this device before the first
// step.
#pragma once

#include <cstdint>
#include <span>

#include "worker/engine/decoder.h"

namespace tuneward {

struct TrainingFit {
  int64_t micro_batch_tokens = 0;
  bool recompute = false;
};

// What to train with. Tokens of a micro-batch: spec.micro_batch_tokens, or fewer where memory asks
// for it (logged). `before` > 0: what a resumed training used, kept where it fits, since another
// cut changes the last bits. Recomputation: where the spec says so, or where the longest row does
// not fit without (logged). RESOURCE_EXHAUSTED with the figures when it does not fit with it
// either.
absl::StatusOr<TrainingFit> FitTraining(const TrainInputs& inputs, const Decoder& decoder,
                                        int64_t before);

struct TogetherNeed {
  const TrainInputs* inputs = nullptr;
  TrainingFit alone;  // what it fits with
};
struct TogetherFit {
  size_t jobs = 0;         // the first so many, at least 1
  int64_t max_tokens = 0;  // of a pass over the rows of all
};
// How many of the trainings can be in memory at once, and how large their passes may be: no larger
// than what the largest of them may have alone, so that all together need one set of activations.
TogetherFit FitTogether(std::span<const TogetherNeed> trainings, const Decoder& decoder);

}  // namespace tuneward
