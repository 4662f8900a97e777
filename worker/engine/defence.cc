#include "worker/engine/defence.h"

#include "absl/strings/str_cat.h"
#include "worker/engine/preference.h"

namespace tuneward {
namespace {

class NoDefence final : public Defence {
 public:
  std::string_view id() const override { return "none"; }
};

}  // namespace

ScopedPerturb::ScopedPerturb(const std::vector<at::Tensor>& leaves, const GradVec& direction,
                             double coefficient)
    : leaves_(leaves) {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < leaves_.size(); ++i) {
    saved_.push_back(leaves_[i].detach().clone());
    leaves_[i].add_(direction.tensors()[i], coefficient);
  }
}

ScopedPerturb::~ScopedPerturb() {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < leaves_.size(); ++i) leaves_[i].copy_(saved_[i]);
}

LmHead::Loss Defence::Loss(const PackedBatch& batch, const ForwardOut& out, const LmHead& head) {
  if (batch.preference) return DpoLoss(batch, out, head);
  return head.Nll(out.at_targets_ND, batch.target_N, batch.weight_N);
}

GradVec Defence::StepGradient(StepCtx& ctx) {
  return ctx
      .Grad(ctx.user_batch(), [this](const PackedBatch& batch, const ForwardOut& out,
                                     const LmHead& head) { return Loss(batch, out, head); })
      .values;
}

absl::Status Defence::Restore(const Json& state) {
  if (state.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("defence ", std::string(id()), " keeps no state, got ", state.dump()));
}

absl::StatusOr<std::unique_ptr<Defence>> MakeDefence(std::string_view id) {
  if (id == "none") return std::make_unique<NoDefence>();
  return absl::NotFoundError(absl::StrCat("unknown defence '", std::string(id), "'; known: none"));
}

}  // namespace tuneward
