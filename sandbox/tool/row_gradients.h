// The gradient of one row's loss by the factors B of a fresh adapter. While B is 0, as it is at the
// start, that is the full weights' gradient seen through the fixed random factors A, which keeps
// angles between rows (the projection of LESS, Xia et al., arXiv 2402.04333). Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/data/training_row.h"
#include "worker/engine/engine.h"

namespace tuneward {

class RowGradients {
 public:
  // Borrows the model, and writes small files into `work_folder`.
  RowGradients(BaseModel& model, std::string work_folder, uint64_t seed);

  // Of length 1; every module's B in the order of names. INVALID_ARGUMENT for a row without a
  // target.
  absl::StatusOr<std::vector<float>> Of(const TrainRow& row);

 private:
  BaseModel& model_;
  const std::string work_folder_;
  TrainSpec spec_;
};

float Dot(const std::vector<float>& a, const std::vector<float>& b);  // of one length

}  // namespace tuneward
