// The estimate of memory_estimate.h held against this process and this device before the first
// step.
#pragma once

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

}  // namespace tuneward
