// What is reported of the losses of a step or an evaluation: means over target tokens (preference
// training: over pairs), of the user's rows and of mixed rows apart, and the pairs' rewards.
#pragma once

#include <optional>

#include "worker/engine/packed_batch.h"

namespace tuneward {

class StepLosses {
 public:
  // Of a pass over `packed`; nll_N are -log p of its targets.
  void Add(const PackedBatch& packed, const at::Tensor& nll_N);
  bool empty() const { return count_[0] + count_[1] == 0; }
  double Mean(int source) const;  // NaN when there was no such row
  double Mean() const { return (sum_[0] + sum_[1]) / static_cast<double>(count_[0] + count_[1]); }
  std::optional<PreferenceMetrics> preference() const;  // none: no pairs were seen

 private:
  double sum_[2] = {0, 0};
  int64_t count_[2] = {0, 0};
  double chosen_ = 0, rejected_ = 0;
  int64_t pairs_ = 0, right_ = 0;
};

}  // namespace tuneward
