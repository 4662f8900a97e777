#include "worker/engine/evaluation.h"

#include <torch/csrc/autograd/grad_mode.h>

#include "worker/engine/preference.h"
#include "worker/engine/step_losses.h"

namespace tuneward {

EvalMetrics Evaluate(const Decoder& decoder, const Adapter* adapter, const TrainInputs& inputs,
                     int64_t micro_batch_tokens) {
  const at::NoGradGuard no_grad;
  const bool pairs = inputs.spec.method == Method::kDpo;
  std::vector<const TrainRow*> rows;
  for (const TrainRow& row : inputs.eval_rows) rows.push_back(&row);
  StepLosses losses;
  for (const auto& run : CutByTokens(rows, micro_batch_tokens, pairs ? 2 : 1)) {
    PackedBatch packed = Pack(run, 1, decoder.device());
    if (pairs) AttachReference(decoder, inputs.spec.dpo_beta, 1, packed);
    const ForwardOut out = decoder.Forward(packed, adapter);
    losses.Add(packed, decoder.head().LogProb(out.at_targets_ND, packed.target_N).neg());
  }
  return {losses.Mean(), losses.Mean(0), losses.Mean(1), losses.preference()};
}

}  // namespace tuneward
