#include "worker/engine/preference.h"

#include <torch/csrc/autograd/grad_mode.h>

#include <cmath>

namespace tuneward {
namespace {

using at::Tensor;

// Sums over the targets of each row. One row at a time: the order of the sum is that of the row,
// whatever else is in the batch.
Tensor RowSums(const PackedBatch& batch, const Tensor& value_N) {
  std::vector<Tensor> sums;
  for (const RowRef& ref : batch.rows)
    sums.push_back(value_N.narrow(0, ref.first_target, ref.targets).sum());
  return at::stack(sums);
}

}  // namespace

void AttachReference(const Decoder& decoder, PackedBatch& batch) {
  const at::NoGradGuard no_grad;
  const ForwardOut out = decoder.Forward(batch, nullptr);
  const Tensor logp_N = decoder.head().LogProb(out.at_targets_ND, batch.target_N);
  batch.preference->reference_R = RowSums(batch, logp_N);
}

LmHead::Loss DpoLoss(const PackedBatch& batch, const ForwardOut& out, const LmHead& head) {
  const Preference& preference = *batch.preference;
  const Tensor logp_N = head.LogProb(out.at_targets_ND, batch.target_N);
  const Tensor reward_P2 =
      (RowSums(batch, logp_N) - preference.reference_R).mul(preference.beta).view({-1, 2});
  const Tensor margin_P = reward_P2.select(1, 0) - reward_P2.select(1, 1);
  const Tensor loss = at::log_sigmoid(margin_P).sum() * -preference.weight;
  return {loss, logp_N.detach().neg()};
}

double PairReward::loss() const {
  const double m = margin();
  return std::log1p(std::exp(-std::abs(m))) + std::max(-m, 0.0);
}

std::vector<PairReward> PairRewards(const PackedBatch& batch, const Tensor& nll_N) {
  const Preference& preference = *batch.preference;
  // In fp32 as the loss: an answer that did not move has reward 0 to the bit.
  const Tensor logp_R = RowSums(batch, nll_N).neg_();
  const Tensor moved_R = (logp_R - preference.reference_R).to(at::kCPU, at::kDouble);
  const auto reward = [&](size_t row) {
    return preference.beta * moved_R[static_cast<int64_t>(row)].item<double>();
  };
  std::vector<PairReward> rewards;
  for (size_t row = 0; row + 1 < batch.rows.size(); row += 2)
    rewards.push_back({reward(row), reward(row + 1)});
  return rewards;
}

}  // namespace tuneward
