// The estimate of memory_estimate.h held against this process and this device before the first
// step.
#pragma once

#include "worker/engine/decoder.h"

namespace tuneward {

// The tokens of a micro-batch to train with: spec.micro_batch_tokens, or fewer where memory asks
// for it (logged). `before` > 0: what a resumed training used, kept where it fits, since another
// cut changes the last bits. RESOURCE_EXHAUSTED with the figures when the longest row does not fit.
absl::StatusOr<int64_t> FitTraining(const TrainInputs& inputs, const Decoder& decoder,
                                    int64_t before);

}  // namespace tuneward
