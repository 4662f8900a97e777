// One optimiser step as a defence sees it: gradients over micro-batches, with the dropout masks of
// (step, micro-batch). Borrows everything; lives as long as its step.
#pragma once

#include <vector>

#include "worker/engine/defence.h"
#include "worker/engine/step_losses.h"

namespace tuneward {

class TrainStep final : public StepCtx {
 public:
  TrainStep(const Decoder& decoder, const Adapter* adapter, const std::vector<at::Tensor>& leaves,
            uint64_t seed, int64_t step, const Batch& batch, bool recompute = false)
      : decoder_(decoder),
        adapter_(adapter),
        leaves_(leaves),
        seed_(seed),
        step_(step),
        batch_(batch),
        recompute_(recompute) {}

  int64_t step() const override { return step_; }
  const Batch& user_batch() const override { return batch_; }
  const std::vector<at::Tensor>& leaves() const override { return leaves_; }
  Gradient Grad(const Batch& batch, const LossFn& loss) override;
  const StepLosses& losses() const { return losses_; }  // of the first pass over the user's batch

  // For who makes the pass over the user's batch together with other trainings' (shared_step.h).
  DropoutSeed DropoutOf(size_t micro) const;
  // Of the sum of `losses`; a leaf that they do not depend on gets zeros.
  static std::vector<at::Tensor> Backward(const std::vector<at::Tensor>& losses,
                                          const std::vector<at::Tensor>& leaves);
  void AddLosses(const PackedBatch& packed, const at::Tensor& nll_N) { losses_.Add(packed, nll_N); }

 private:
  const Decoder& decoder_;
  const Adapter* adapter_;
  const std::vector<at::Tensor>& leaves_;
  uint64_t seed_;
  int64_t step_;
  const Batch& batch_;
  const bool recompute_;
  StepLosses losses_;
};

}  // namespace tuneward
