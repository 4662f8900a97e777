// What is reported of the losses of a step or an evaluation, of the user's rows and of mixed rows
// apart: means over target tokens, of pairs over pairs; and the pairs' rewards.
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
  // The loss: over all target tokens, or the pairs' mean plus that of the single rows beside them.
  double Mean() const;
  std::optional<PreferenceMetrics> preference() const;  // none: no pairs were seen

 private:
  double sum_[2] = {0, 0};
  int64_t count_[2] = {0, 0};
  double chosen_ = 0, rejected_ = 0;
  int64_t pairs_ = 0, right_ = 0;
};

}  // namespace tuneward
