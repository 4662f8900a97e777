#include "worker/engine/step_losses.h"

#include <limits>

#include "worker/engine/preference.h"

namespace tuneward {

void StepLosses::Add(const PackedBatch& packed, const at::Tensor& nll_N) {
  if (packed.preference) {
    const std::vector<PairReward> pairs = PairRewards(packed, nll_N);
    for (const PairReward& pair : pairs) {
      sum_[0] += pair.loss();
      ++count_[0];
      chosen_ += pair.chosen;
      rejected_ += pair.rejected;
      right_ += pair.margin() > 0;
      ++pairs_;
    }
    return;
  }
  const at::Tensor nll = nll_N.cpu();
  for (const RowRef& ref : packed.rows) {
    sum_[ref.row->source] +=
        nll.narrow(0, ref.first_target, ref.targets).sum(at::kDouble).item<double>();
    count_[ref.row->source] += ref.targets;
  }
}

double StepLosses::Mean(int source) const {
  return count_[source] > 0 ? sum_[source] / static_cast<double>(count_[source])
                            : std::numeric_limits<double>::quiet_NaN();
}

double StepLosses::Mean() const {
  if (pairs_ > 0) return Mean(0) + (count_[1] > 0 ? Mean(1) : 0);
  return (sum_[0] + sum_[1]) / static_cast<double>(count_[0] + count_[1]);
}

std::optional<PreferenceMetrics> StepLosses::preference() const {
  if (pairs_ == 0) return std::nullopt;
  const double n = static_cast<double>(pairs_);
  return PreferenceMetrics{chosen_ / n, rejected_ / n, (chosen_ - rejected_) / n,
                           static_cast<double>(right_) / n};
}

}  // namespace tuneward
