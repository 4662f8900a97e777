// A training that nobody watches.
#pragma once

#include <string>

#include "worker/engine/engine.h"

namespace tuneward {

class QuietObserver : public TrainObserver {
 public:
  bool OnStep(const StepMetrics&) override { return true; }
  absl::Status OnCheckpoint(const std::string&, int64_t) override { return absl::OkStatus(); }
};

}  // namespace tuneward
