// The rows of a training: checked once, then cut into the batch of each step (contracts.md A5, A6).
// What a step counts are units: rows, or in preference training the user's pairs and single mixed
// rows. Borrows the rows.
#pragma once

#include "worker/engine/defence.h"

namespace tuneward {

// INVALID_ARGUMENT that names the row or the setting.
absl::Status CheckRows(const std::vector<TrainRow>& rows, const ModelConfig& config);
absl::Status CheckTrainInputs(const TrainInputs& inputs, const ModelConfig& config);

// Tokens of the longest unit: what a micro-batch cannot be cut below.
int64_t LongestUnit(const TrainInputs& inputs);

class TrainData {
 public:
  TrainData(const TrainInputs& inputs, int64_t micro_batch_tokens, at::Device device);
  int64_t total_steps() const { return total_steps_; }
  // From 1. Micro-batches of pairs come first; they still need their reference (preference.h).
  Batch BatchOf(int64_t step);
  int64_t micro_batch_tokens() const { return micro_batch_tokens_; }
  // To half of what a step can fill, but no less than the longest unit; false: that is what they
  // are already.
  bool HalveMicroBatches();

 private:
  const TrainInputs& inputs_;
  int64_t micro_batch_tokens_;
  at::Device device_;
  bool pairs_ = false;     // the user's rows come in pairs
  int64_t user_rows_ = 0;  // before the mixed ones
  int64_t units_ = 0, user_units_ = 0, per_epoch_ = 0, total_steps_ = 0;
  int epoch_ = -1;
  std::vector<int64_t> order_;  // of epoch_, by unit
};

}  // namespace tuneward
