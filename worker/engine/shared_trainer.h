// Several trainings on one base, step by step together (shared mode): each has its own rows,
// adapter, optimiser, schedule, clipping, evaluation and checkpoints (train_run.h); their rows
// share the products with the base's weights (shared_step.h). One that ends, fails or is stopped
// leaves the others as they are. One thread.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "worker/engine/train_run.h"

namespace tuneward {

// `job` counts from 0 in the call.
using OnRunEnd = std::function<void(size_t job, absl::StatusOr<TrainOutcome> outcome)>;

// Adapters only, plain training only. `on_end` is called once for each job, as soon as it has
// ended. UNAVAILABLE for those at the end of the list for which there is no memory beside the
// others: they may be trained later.
void RunSharedTraining(std::span<const TrainRun::Parts> jobs, const std::string& fingerprint,
                       const OnRunEnd& on_end);

}  // namespace tuneward
