#include "worker/engine/trainer.h"

#include <chrono>
#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "worker/engine/checkpoint.h"
#include "worker/engine/evaluation.h"
#include "worker/engine/preference.h"
#include "worker/engine/schedule.h"
#include "worker/engine/train_data.h"
#include "worker/engine/train_step.h"
#include "worker/engine/trained.h"
#include "worker/engine/training_memory.h"

namespace tuneward {
namespace {

// A mean loss above this many times that of a uniform guess, and above twice the first step's, is
// one of a training that went astray.
constexpr double kAstray = 3;

// `good`: the step of the last checkpoint, 0: none.
absl::Status Diverged(int64_t step, const std::string& what, int64_t good) {
  return absl::OutOfRangeError(
      absl::StrCat("diverged: at step ", step, " ", what,
                   good > 0 ? absl::StrCat("; the last good checkpoint is that of step ", good)
                            : "; there is no checkpoint from before"));
}

// OK, or what is wrong with the step's figures.
absl::Status CheckStep(const StepMetrics& metrics, double first_loss, const Decoder& decoder,
                       const TrainSpec& spec, int64_t good) {
  if (!std::isfinite(metrics.loss) || !std::isfinite(metrics.grad_norm))
    return Diverged(
        metrics.step,
        absl::StrCat("the loss is ", metrics.loss, " and the gradient's norm ", metrics.grad_norm),
        good);
  const double uniform = std::log(static_cast<double>(decoder.config().vocab));
  const double limit = std::max(kAstray * uniform, 2 * first_loss);
  if (spec.method == Method::kSupervised && metrics.loss > limit)
    return Diverged(
        metrics.step,
        absl::StrCat("the loss is ", metrics.loss, ", above ", limit, "; a uniform guess has ",
                     uniform, ", the first step had ", first_loss),
        good);
  return absl::OkStatus();
}

// A step's batch, what a defence sees of it, and the gradient that came of it.
struct StepWork {
  StepWork(const Decoder& decoder, const Adapter* adapter, const Trained& trained, uint64_t seed,
           int64_t step, Batch rows, bool recompute)
      : batch(std::move(rows)),
        ctx(decoder, adapter, trained.tensors(), seed, step, batch, recompute) {}
  Batch batch;
  TrainStep ctx;
  GradVec gradient;
};

std::unique_ptr<StepWork> ComputeStep(const Decoder& decoder, const Adapter* adapter,
                                      const Trained& trained, const TrainSpec& spec, int64_t step,
                                      bool recompute, TrainData& data, Defence& defence) {
  auto work = std::make_unique<StepWork>(decoder, adapter, trained, spec.seed, step,
                                         data.BatchOf(step), recompute);
  for (PackedBatch& micro : work->batch.micros)
    if (micro.preference) AttachReference(decoder, micro);
  work->gradient = defence.StepGradient(work->ctx);
  return work;
}

struct Progress {
  CheckpointState state;
  TensorMap best;  // the weights at state.stop.best_step
};

// Continues from a checkpoint: weights, optimiser and the defence's state.
absl::StatusOr<Progress> Resume(const TrainInputs& inputs, const std::string& fingerprint,
                                Trained& trained, AdamW& optimizer, Defence& defence) {
  TW_ASSIGN_OR_RETURN(Checkpoint checkpoint,
                      ReadCheckpoint(inputs.resume_from, inputs.manifest_sha, defence.id()));
  if (checkpoint.state.fingerprint != fingerprint)
    LogWarning("resuming under another engine fingerprint: the result may differ in its last bits",
               {{"checkpoint", checkpoint.state.fingerprint}, {"engine", fingerprint}});
  checkpoint.state.fingerprint = fingerprint;
  TW_RETURN_IF_ERROR(trained.Restore(std::move(checkpoint.weights)));
  TW_RETURN_IF_ERROR(optimizer.Restore(std::move(checkpoint.optimizer), checkpoint.state.step));
  TW_RETURN_IF_ERROR(defence.Restore(checkpoint.state.defence_state));
  return Progress{std::move(checkpoint.state), std::move(checkpoint.best)};
}

}  // namespace

absl::StatusOr<TrainOutcome> RunTraining(const Decoder& decoder, Adapter* adapter,
                                         const TrainInputs& inputs, const std::string& fingerprint,
                                         Defence& defence, TrainObserver& observer) {
  const TrainSpec& spec = inputs.spec;
  TW_RETURN_IF_ERROR(CheckTrainInputs(inputs, decoder.config()));
  Trained trained(decoder, adapter);
  AdamW optimizer(trained.leaves(), spec);
  Progress progress;
  CheckpointState& state = progress.state;
  if (!inputs.resume_from.empty()) {
    TW_ASSIGN_OR_RETURN(progress, Resume(inputs, fingerprint, trained, optimizer, defence));
  } else {
    state.manifest_sha = inputs.manifest_sha;
    state.fingerprint = fingerprint;
    state.defence = defence.id();
  }
  int64_t good = state.step;
  TW_ASSIGN_OR_RETURN(const TrainingFit fit,
                      FitTraining(inputs, decoder, state.micro_batch_tokens));
  state.micro_batch_tokens = fit.micro_batch_tokens;
  TrainData data(inputs, state.micro_batch_tokens, decoder.device());
  const int64_t total = data.total_steps();
  const bool whole = adapter == nullptr;
  bool enough = false, halved = false;

  while (state.step < total && !enough) {
    const auto began = std::chrono::steady_clock::now();
    ++state.step;
    std::unique_ptr<StepWork> work;
    try {
      work = ComputeStep(decoder, adapter, trained, spec, state.step, fit.recompute, data, defence);
    } catch (const c10::OutOfMemoryError& error) {  // a device's; a training's first is made good
      if (halved || !data.HalveMicroBatches()) throw;
      halved = true;
      state.micro_batch_tokens = data.micro_batch_tokens();
      LogWarning("out of memory: trying the step again with smaller micro-batches",
                 {{"step", std::to_string(state.step)},
                  {"tokens", std::to_string(state.micro_batch_tokens)},
                  {"error", error.what_without_backtrace()}});
    }
    if (!work)
      work = ComputeStep(decoder, adapter, trained, spec, state.step, fit.recompute, data, defence);
    const StepLosses& losses = work->ctx.losses();
    GradVec& gradient = work->gradient;
    state.tokens += work->batch.tokens;

    StepMetrics metrics;
    metrics.step = state.step;
    metrics.total_steps = total;
    metrics.tokens = state.tokens;
    metrics.loss = losses.Mean();
    metrics.user_loss = losses.Mean(0);
    metrics.mixed_loss = losses.Mean(1);
    metrics.preference = losses.preference();
    metrics.learning_rate = LearningRate(spec, state.step, total);
    metrics.grad_norm = gradient.Norm();
    if (state.step == 1) state.first_loss = metrics.loss;
    TW_RETURN_IF_ERROR(CheckStep(metrics, state.first_loss, decoder, spec, good));

    if (spec.max_grad_norm > 0 && metrics.grad_norm > spec.max_grad_norm)
      gradient.Scale(spec.max_grad_norm / metrics.grad_norm);
    optimizer.Step(gradient.tensors(), metrics.learning_rate);
    defence.AfterStep(work->ctx);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    metrics.tokens_per_second =
        static_cast<double>(work->batch.tokens) / std::max(took.count(), 1e-9);

    const bool last = state.step == total;
    const bool keep = spec.checkpoint_every > 0 && state.step % spec.checkpoint_every == 0 && !last;
    if ((keep || last) && !trained.AllFinite())
      return Diverged(state.step, "the trained weights are not finite", good);
    if (spec.eval_every > 0 && (state.step % spec.eval_every == 0 || last)) {
      metrics.eval = Evaluate(decoder, adapter, inputs, state.micro_batch_tokens);
      if (!std::isfinite(metrics.eval->loss))
        return Diverged(state.step, absl::StrCat("the evaluation's loss is ", metrics.eval->loss),
                        good);
      if (spec.patience > 0) {
        if (state.stop.See(state.step, metrics.eval->loss, spec.min_delta))
          progress.best = trained.Copy();
        enough = state.stop.worse >= spec.patience;
      }
    }
    if (keep && !enough) {
      state.defence_state = defence.State();
      TW_ASSIGN_OR_RETURN(const std::string folder,
                          WriteCheckpoint(inputs.work_folder, {state, whole, trained.ToTensors(),
                                                               optimizer.State(), progress.best}));
      good = state.step;
      TW_RETURN_IF_ERROR(observer.OnCheckpoint(folder, state.step));
    }
    if (!observer.OnStep(metrics))
      return TrainOutcome{state.step,   state.tokens, true, false, 0, state.micro_batch_tokens,
                          fit.recompute};
  }
  if (state.stop.best_step > 0 && state.stop.best_step != state.step)
    TW_RETURN_IF_ERROR(trained.CopyFrom(std::move(progress.best)));
  return TrainOutcome{state.step,   state.tokens,         false,
                      enough,       state.stop.best_step, state.micro_batch_tokens,
                      fit.recompute};
}

}  // namespace tuneward
