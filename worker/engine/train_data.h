// The rows of a training: checked once, then cut into the batch of each step (contracts.md A5, A6).
// Borrows the rows.
#pragma once

#include "worker/engine/defence.h"

namespace tuneward {

// INVALID_ARGUMENT that names the row or the setting.
absl::Status CheckRows(const std::vector<TrainRow>& rows, const ModelConfig& config);
absl::Status CheckTrainInputs(const TrainInputs& inputs, const ModelConfig& config);

class TrainData {
 public:
  TrainData(const TrainInputs& inputs, at::Device device);
  int64_t total_steps() const { return total_steps_; }
  Batch BatchOf(int64_t step);  // from 1

 private:
  const TrainInputs& inputs_;
  at::Device device_;
  int64_t unit_ = 1;  // rows that stay together: 2 are a pair
  int64_t units_ = 0, user_units_ = 0, per_epoch_ = 0, total_steps_ = 0;
  int epoch_ = -1;
  std::vector<int64_t> order_;  // of epoch_, by unit
};

}  // namespace tuneward
