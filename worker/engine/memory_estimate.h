// How much memory a training will take on top of the loaded base, from the model's shape and the
// settings alone, and the micro-batch that fits into what there is. Pure, no torch.
#pragma once

#include <cstdint>

#include "core/base/status.h"
#include "core/model/model_config.h"
#include "worker/engine/engine.h"

namespace tuneward {

// Bytes: `fixed` (masters, gradients, moments, the best weights so far, kernels' work space) and
// what each token of a micro-batch adds (activations kept for the backward, and the largest
// gradients that live at one time).
struct MemoryNeed {
  int64_t fixed = 0, per_token = 0;
  int64_t Of(int64_t tokens) const { return fixed + per_token * tokens; }
};

MemoryNeed EstimateTraining(const ModelConfig& config, const TrainSpec& spec, Precision precision);

// The largest number of tokens a micro-batch may have, at most `wanted`, so that the training fits
// into `available` bytes; at least `longest`, the tokens of the longest row (pair), which cannot be
// cut. RESOURCE_EXHAUSTED "out of memory" with the figures when that does not fit.
absl::StatusOr<int64_t> FitMicroBatch(const MemoryNeed& need, int64_t wanted, int64_t longest,
                                      int64_t available);

}  // namespace tuneward
