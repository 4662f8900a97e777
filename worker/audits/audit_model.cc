#include "worker/audits/audit_model.h"

namespace tuneward {

absl::StatusOr<std::vector<Generation>> EngineAuditModel::Generate(
    AuditSide side, const std::vector<std::vector<TokenId>>& prompts, int max_new_tokens) {
  SamplingOptions greedy;
  greedy.max_new_tokens = max_new_tokens;
  return base_.Generate(prompts, AdapterOf(side), stops_, greedy);
}

absl::StatusOr<std::vector<double>> EngineAuditModel::Nll(AuditSide side,
                                                          const std::vector<TrainRow>& rows) {
  return base_.Nll(rows, AdapterOf(side));
}

}  // namespace tuneward
