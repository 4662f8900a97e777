#include "worker/engine/training_memory.h"

#include <algorithm>

#include "core/base/log.h"
#include "worker/engine/available_memory.h"
#include "worker/engine/memory_estimate.h"
#include "worker/engine/train_data.h"

namespace tuneward {
namespace {

Precision PrecisionOf(const Decoder& decoder) {
  return decoder.weights().embed_VD.scalar_type() == at::kFloat ? Precision::kFloat32
                                                                : Precision::kBFloat16;
}

}  // namespace

absl::StatusOr<TrainingFit> FitTraining(const TrainInputs& inputs, const Decoder& decoder,
                                        int64_t before) {
  TrainSpec spec = inputs.spec;
  const int64_t longest = LongestUnit(inputs);
  const Precision precision = PrecisionOf(decoder);
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

TogetherFit FitTogether(std::span<const TogetherNeed> trainings, const Decoder& decoder) {
  const int64_t available = AvailableMemoryBytes(decoder.device().str());
  MemoryNeed all;
  TogetherFit fit;
  int64_t longest = 0;
  for (const auto& [inputs, alone] : trainings) {
    TrainSpec spec = inputs->spec;
    spec.recompute = alone.recompute;
    const MemoryNeed one = EstimateTraining(decoder.config(), spec, PrecisionOf(decoder));
    const MemoryNeed with{all.fixed + one.fixed, std::max(all.per_token, one.per_token)};
    longest = std::max(longest, LongestUnit(*inputs));
    if (fit.jobs > 0 && with.Of(longest) > available) break;
    all = with;
    ++fit.jobs;
    fit.max_tokens = std::max(fit.max_tokens, alone.micro_batch_tokens);
  }
  const int64_t room = (available - all.fixed) / all.per_token;
  fit.max_tokens = std::max<int64_t>(1, std::min(fit.max_tokens, room));
  return fit;
}

}  // namespace tuneward
