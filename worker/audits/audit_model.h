// The two models of an audit as the runner sees them: the tuned one and its base. Belongs to the
// thread that runs the audit.
#pragma once

#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/text/tokenizer.h"
#include "worker/engine/engine.h"

namespace tuneward {

enum class AuditSide { kTuned, kBase };

class AuditModel {
 public:
  virtual ~AuditModel() = default;
  // Greedy, one answer a prompt.
  virtual absl::StatusOr<std::vector<Generation>> Generate(
      AuditSide side, const std::vector<std::vector<TokenId>>& prompts, int max_new_tokens) = 0;
  // Mean nats per target token of each row.
  virtual absl::StatusOr<std::vector<double>> Nll(AuditSide side,
                                                  const std::vector<TrainRow>& rows) = 0;
};

// The engine with and without the adapter. Borrows both.
class EngineAuditModel final : public AuditModel {
 public:
  EngineAuditModel(BaseModel& base, const Adapter& tuned, std::vector<TokenId> stops)
      : base_(base), tuned_(tuned), stops_(std::move(stops)) {}
  absl::StatusOr<std::vector<Generation>> Generate(AuditSide side,
                                                   const std::vector<std::vector<TokenId>>& prompts,
                                                   int max_new_tokens) override;
  absl::StatusOr<std::vector<double>> Nll(AuditSide side,
                                          const std::vector<TrainRow>& rows) override;

 private:
  const Adapter* AdapterOf(AuditSide side) const {
    return side == AuditSide::kTuned ? &tuned_ : nullptr;
  }
  BaseModel& base_;
  const Adapter& tuned_;
  const std::vector<TokenId> stops_;
};

}  // namespace tuneward
