#include "worker/engine/training_memory.h"

#include <algorithm>

#include "core/base/log.h"
#include "worker/engine/available_memory.h"
#include "worker/engine/memory_estimate.h"
#include "worker/engine/train_data.h"

namespace tuneward {

absl::StatusOr<TrainingFit> FitTraining(const TrainInputs& inputs, const Decoder& decoder,
                                        int64_t before) {
  TrainSpec spec = inputs.spec;
  const int64_t longest = LongestUnit(inputs);
  const Precision precision = decoder.weights().embed_VD.scalar_type() == at::kFloat
                                  ? Precision::kFloat32
                                  : Precision::kBFloat16;
  const int64_t wanted = before > 0 ? before : spec.micro_batch_tokens;
  // A step may be smaller than a micro-batch is allowed to be.
  const int64_t most = std::min(wanted, longest * spec.batch_size);
  const int64_t available = AvailableMemoryBytes(decoder.device().str());
  MemoryNeed need = EstimateTraining(decoder.config(), spec, precision);
  if (!spec.recompute && need.Of(longest) > available) {
    spec.recompute = true;
    need = EstimateTraining(decoder.config(), spec, precision);
    LogWarning("layers are run again in the backward to fit into memory",
               {{"available_bytes", std::to_string(available)}});
  }
  TW_ASSIGN_OR_RETURN(const int64_t fits, FitMicroBatch(need, most, longest, available));
  if (fits >= std::max(most, longest)) return TrainingFit{wanted, spec.recompute};
  LogWarning("micro-batches are made smaller to fit into memory",
             {{"tokens", std::to_string(fits)},
              {"wanted", std::to_string(wanted)},
              {"needed_bytes", std::to_string(need.Of(most))},
              {"available_bytes", std::to_string(available)}});
  return TrainingFit{fits, spec.recompute};
}

}  // namespace tuneward
