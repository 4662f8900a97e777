#include "worker/engine/trainer.h"

#include <chrono>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "worker/engine/checkpoint.h"
#include "worker/engine/optimizer.h"
#include "worker/engine/preference.h"
#include "worker/engine/schedule.h"
#include "worker/engine/train_data.h"
#include "worker/engine/train_step.h"

namespace tuneward {
namespace {

using at::Tensor;

// Leaves take gradients for as long as this lives.
class Trainable {
 public:
  explicit Trainable(const Leaves& leaves) {
    for (const auto& [name, tensor] : leaves) tensors_.push_back(tensor.requires_grad_(true));
  }
  ~Trainable() {
    for (Tensor& tensor : tensors_) tensor.requires_grad_(false);
  }
  Trainable(const Trainable&) = delete;
  Trainable& operator=(const Trainable&) = delete;
  const std::vector<Tensor>& tensors() const { return tensors_; }

 private:
  std::vector<Tensor> tensors_;
};

absl::Status Diverged(const StepMetrics& metrics) {
  return absl::OutOfRangeError(absl::StrCat("diverged: at step ", metrics.step, " the loss is ",
                                            metrics.loss, " and the gradient's norm ",
                                            metrics.grad_norm));
}

// Continues from a checkpoint: weights, optimiser and the defence's state.
absl::StatusOr<CheckpointState> Resume(const TrainInputs& inputs, const Decoder& decoder,
                                       Adapter& adapter, const std::string& fingerprint,
                                       AdamW& optimizer, Defence& defence) {
  TW_ASSIGN_OR_RETURN(Checkpoint checkpoint,
                      ReadCheckpoint(inputs.resume_from, inputs.manifest_sha, defence.id()));
  if (checkpoint.state.fingerprint != fingerprint)
    LogWarning("resuming under another engine fingerprint: the result may differ in its last bits",
               {{"checkpoint", checkpoint.state.fingerprint}, {"engine", fingerprint}});
  TW_ASSIGN_OR_RETURN(auto saved,
                      Adapter::FromTensors(decoder.config(), adapter.spec(),
                                           std::move(checkpoint.adapter), decoder.device()));
  const at::NoGradGuard no_grad;
  const Leaves from = saved->Leaves(), to = adapter.Leaves();
  for (size_t i = 0; i < to.size(); ++i) to[i].second.copy_(from[i].second);
  TW_RETURN_IF_ERROR(optimizer.Restore(std::move(checkpoint.optimizer), checkpoint.state.step));
  TW_RETURN_IF_ERROR(defence.Restore(checkpoint.state.defence_state));
  return checkpoint.state;
}

}  // namespace

absl::StatusOr<TrainOutcome> RunTraining(const Decoder& decoder, Adapter* adapter,
                                         const TrainInputs& inputs, const std::string& fingerprint,
                                         Defence& defence, TrainObserver& observer) {
  const TrainSpec& spec = inputs.spec;
  TW_RETURN_IF_ERROR(CheckTrainInputs(inputs, decoder.config()));
  TrainData data(inputs, decoder.device());
  const Leaves leaves = adapter ? adapter->Leaves() : decoder.weights().Leaves();
  const Trainable trainable(leaves);
  AdamW optimizer(leaves, spec);
  CheckpointState state{0, 0, inputs.manifest_sha, fingerprint, std::string(defence.id()), {}};
  if (!inputs.resume_from.empty()) {
    TW_ASSIGN_OR_RETURN(const CheckpointState saved,
                        Resume(inputs, decoder, *adapter, fingerprint, optimizer, defence));
    state.step = saved.step;
    state.tokens = saved.tokens;
  }

  while (state.step < data.total_steps()) {
    const auto began = std::chrono::steady_clock::now();
    ++state.step;
    Batch batch = data.BatchOf(state.step);
    if (spec.method == Method::kDpo)
      for (PackedBatch& micro : batch.micros)
        AttachReference(decoder, spec.dpo_beta, 1.0 / static_cast<double>(batch.pairs()), micro);
    TrainStep ctx(decoder, adapter, trainable.tensors(), spec.seed, state.step, batch);
    GradVec gradient = defence.StepGradient(ctx);
    state.tokens += batch.tokens;

    StepMetrics metrics;
    metrics.step = state.step;
    metrics.total_steps = data.total_steps();
    metrics.tokens = state.tokens;
    metrics.loss = ctx.losses().Mean();
    metrics.user_loss = ctx.losses().Mean(0);
    metrics.mixed_loss = ctx.losses().Mean(1);
    metrics.preference = ctx.losses().preference();
    metrics.learning_rate = LearningRate(spec, state.step, data.total_steps());
    metrics.grad_norm = gradient.Norm();
    if (!std::isfinite(metrics.loss) || !std::isfinite(metrics.grad_norm)) return Diverged(metrics);

    if (spec.max_grad_norm > 0 && metrics.grad_norm > spec.max_grad_norm)
      gradient.Scale(spec.max_grad_norm / metrics.grad_norm);
    optimizer.Step(gradient.tensors(), metrics.learning_rate);
    defence.AfterStep(ctx);

    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    metrics.tokens_per_second = static_cast<double>(batch.tokens) / std::max(took.count(), 1e-9);
    if (spec.checkpoint_every > 0 && state.step % spec.checkpoint_every == 0 &&
        state.step < data.total_steps()) {
      state.defence_state = defence.State();
      TW_ASSIGN_OR_RETURN(
          const std::string folder,
          WriteCheckpoint(inputs.work_folder, {state, adapter->ToTensors(), optimizer.State()}));
      TW_RETURN_IF_ERROR(observer.OnCheckpoint(folder, state.step));
    }
    if (!observer.OnStep(metrics)) return TrainOutcome{state.step, state.tokens, true};
  }
  return TrainOutcome{state.step, state.tokens, false};
}

}  // namespace tuneward
