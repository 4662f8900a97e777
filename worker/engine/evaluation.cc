#include "worker/engine/evaluation.h"

#include <torch/csrc/autograd/grad_mode.h>

#include "worker/engine/preference.h"
#include "worker/engine/step_losses.h"

namespace tuneward {

EvalMetrics Evaluate(const Decoder& decoder, const Adapter* adapter, const TrainInputs& inputs,
                     int64_t micro_batch_tokens) {
  const at::NoGradGuard no_grad;
  std::vector<const TrainRow*> paired, single;
  for (const TrainRow& row : inputs.eval_rows)
    (inputs.spec.method == Method::kDpo && row.source == 0 ? paired : single).push_back(&row);
  StepLosses losses;
  const auto look_at = [&](const PackedBatch& packed) {
    const ForwardOut out = decoder.Forward(packed, adapter);
    losses.Add(packed, decoder.head().LogProb(out.at_targets_ND, packed.target_N).neg());
  };
  for (const auto& run : CutByTokens(paired, micro_batch_tokens, 2)) {
    PackedBatch packed =
        PackPairs(run, inputs.spec.dpo_beta, 1, decoder.device(), Beginnings::kShared);
    AttachReference(decoder, packed);
    look_at(packed);
  }
  for (const auto& run : CutByTokens(single, micro_batch_tokens))
    look_at(Pack(run, 1, decoder.device(), Beginnings::kShared));
  return {losses.Mean(), losses.Mean(0), losses.Mean(1), losses.preference()};
}

}  // namespace tuneward
