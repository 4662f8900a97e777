// One step of several trainings on the same base: the rows of all of them go through the base's
// weights in the same products, each through its own adapter. A training's gradient is that of a
// step alone but for the rounding of products over more rows. One thread.
#pragma once

#include <cstdint>
#include <span>

#include "worker/engine/train_run.h"

namespace tuneward {

struct SharedStep {
  TrainRun* run = nullptr;
  StepWork* work = nullptr;  // its gradient and losses are set
};

// Passes of at most `max_tokens` tokens; a micro-batch is never cut, so one pass may have more.
// Plain training only: a defence that makes gradients of its own needs a step alone.
void ComputeTogether(const Decoder& decoder, std::span<const SharedStep> steps, int64_t max_tokens);

}  // namespace tuneward
