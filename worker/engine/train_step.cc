#include "worker/engine/train_step.h"

#include "core/base/random.h"

namespace tuneward {

using at::Tensor;

Gradient TrainStep::Grad(const Batch& batch, const LossFn& loss) {
  Gradient gradient;
  StepLosses losses;
  for (size_t micro = 0; micro < batch.micros.size(); ++micro) {
    const PackedBatch& packed = batch.micros[micro];
    const ForwardOut out = decoder_.Forward(packed, adapter_, DropoutOf(micro), recompute_);
    const LmHead::Loss value = loss(packed, out, decoder_.head());
    gradient.loss += value.total.item<double>();
    gradient.values.Axpy(1, GradVec(Backward({value.total}, leaves_)));
    losses.Add(packed, value.nll_N);
  }
  if (&batch == &batch_ && losses_.empty()) losses_ = losses;
  return gradient;
}

DropoutSeed TrainStep::DropoutOf(size_t micro) const {
  const double p = adapter_ ? adapter_->spec().dropout : 0;
  return {p, RandomStream(seed_, "dropout", static_cast<uint64_t>(step_), micro).key()};
}

std::vector<Tensor> TrainStep::Backward(const std::vector<Tensor>& losses,
                                        const std::vector<Tensor>& leaves) {
  std::vector<Tensor> grads = torch::autograd::grad(losses, leaves, {}, std::nullopt, false, true);
  for (size_t i = 0; i < grads.size(); ++i)
    if (!grads[i].defined()) grads[i] = at::zeros_like(leaves[i]);
  return grads;
}

}  // namespace tuneward
