// The learning rate of each optimiser step: linear warm-up, then constant, or
// cosine or linear to zero. Pure.
#pragma once

#include <cstdint>

#include "worker/engine/engine.h"

namespace tuneward {

// `step` counts from 1 to `total`. As Hugging Face's schedulers with step-1 finished steps: during
// warm-up (step-1)/warmup, so the first step of a warm-up has rate 0.
double LearningRate(const TrainSpec& spec, int64_t step, int64_t total);

// warmup_steps, or else warmup_ratio of `total`, rounded up.
int64_t WarmUpSteps(const TrainSpec& spec, int64_t total);

// Optimiser steps of a training: epochs x ceil(rows / batch), cut at max_steps.
int64_t TotalSteps(const TrainSpec& spec, int64_t rows);

}  // namespace tuneward
