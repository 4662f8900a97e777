// The direction of one row's gradient. What is taken is the gradient by the factors B of a fresh
// adapter: while B is 0 that is the linear layers' gradient times the fixed random factors A, a
// random projection that about keeps the angles between rows. Every layer counts alike whatever its
// width. Not thread-safe.
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

  // Of length 1 (0 for a row that the model knows by heart); every linear's in the order of names.
  absl::StatusOr<std::vector<float>> Of(const TrainRow& row);

 private:
  BaseModel& model_;
  const std::string work_folder_;
  TrainSpec spec_;
};

float Dot(const std::vector<float>& a, const std::vector<float>& b);  // of one length

}  // namespace tuneward
