#include "worker/engine/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tuneward {

int64_t WarmUpSteps(const TrainSpec& spec, int64_t total) {
  if (spec.warmup_steps > 0) return spec.warmup_steps;
  return static_cast<int64_t>(std::ceil(spec.warmup_ratio * static_cast<double>(total)));
}

double LearningRate(const TrainSpec& spec, int64_t step, int64_t total) {
  const double done = static_cast<double>(step - 1);
  const double warm_up = static_cast<double>(WarmUpSteps(spec, total));
  if (done < warm_up) return spec.learning_rate * done / warm_up;
  if (spec.schedule == Schedule::kConstant) return spec.learning_rate;
  const double span = std::max<double>(1, static_cast<double>(total) - warm_up);
  const double progress = (done - warm_up) / span;
  if (spec.schedule == Schedule::kLinear) return spec.learning_rate * std::max(0.0, 1 - progress);
  return spec.learning_rate * std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * progress)));
}

int64_t TotalSteps(const TrainSpec& spec, int64_t rows) {
  const int64_t per_epoch = (rows + spec.batch_size - 1) / spec.batch_size;
  const int64_t all = per_epoch * spec.epochs;
  return spec.max_steps > 0 ? std::min(all, spec.max_steps) : all;
}

}  // namespace tuneward
