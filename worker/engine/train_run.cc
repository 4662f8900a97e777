#include "worker/engine/train_run.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "worker/engine/evaluation.h"
#include "worker/engine/preference.h"
#include "worker/engine/schedule.h"

namespace tuneward {
namespace {

// A mean loss above this many times that of a uniform guess, and above twice the first step's, is
// one of a training that went astray.
constexpr double kAstray = 3;

}  // namespace

TrainRun::TrainRun(const Parts& parts)
    : parts_(parts),
      trained_(parts.decoder, parts.adapter),
      optimizer_(trained_.leaves(), parts.inputs.spec) {}

absl::StatusOr<std::unique_ptr<TrainRun>> TrainRun::Start(const Parts& parts,
                                                          const std::string& fingerprint) {
  const TrainInputs& inputs = parts.inputs;
  TW_RETURN_IF_ERROR(CheckTrainInputs(inputs, parts.decoder.config()));
  std::unique_ptr<TrainRun> run(new TrainRun(parts));
  CheckpointState& state = run->state_;
  if (!inputs.resume_from.empty()) {
    TW_RETURN_IF_ERROR(run->Resume(fingerprint));
  } else {
    state.manifest_sha = inputs.manifest_sha;
    state.fingerprint = fingerprint;
    state.defence = parts.defence.id();
  }
  run->good_ = state.step;
  TW_ASSIGN_OR_RETURN(const TrainingFit fit,
                      FitTraining(inputs, parts.decoder, state.micro_batch_tokens));
  state.micro_batch_tokens = fit.micro_batch_tokens;
  run->recompute_ = fit.recompute;
  run->data_ =
      std::make_unique<TrainData>(inputs, state.micro_batch_tokens, parts.decoder.device());
  return run;
}

// Continues from a checkpoint: weights, optimiser and the defence's state.
absl::Status TrainRun::Resume(const std::string& fingerprint) {
  const TrainInputs& inputs = parts_.inputs;
  TW_ASSIGN_OR_RETURN(Checkpoint checkpoint,
                      ReadCheckpoint(inputs.resume_from, inputs.manifest_sha, parts_.defence.id()));
  if (checkpoint.state.fingerprint != fingerprint)
    LogWarning("resuming under another engine fingerprint: the result may differ in its last bits",
               {{"checkpoint", checkpoint.state.fingerprint}, {"engine", fingerprint}});
  checkpoint.state.fingerprint = fingerprint;
  TW_RETURN_IF_ERROR(trained_.Restore(std::move(checkpoint.weights)));
  TW_RETURN_IF_ERROR(optimizer_.Restore(std::move(checkpoint.optimizer), checkpoint.state.step));
  TW_RETURN_IF_ERROR(parts_.defence.Restore(checkpoint.state.defence_state));
  state_ = std::move(checkpoint.state);
  best_ = std::move(checkpoint.best);
  return absl::OkStatus();
}

absl::Status TrainRun::Diverged(const std::string& what) const {
  return absl::OutOfRangeError(
      absl::StrCat("diverged: at step ", state_.step, " ", what,
                   good_ > 0 ? absl::StrCat("; the last good checkpoint is that of step ", good_)
                             : "; there is no checkpoint from before"));
}

// OK, or what is wrong with the step's figures.
absl::Status TrainRun::CheckStep(const StepMetrics& metrics) const {
  if (!std::isfinite(metrics.loss) || !std::isfinite(metrics.grad_norm))
    return Diverged(
        absl::StrCat("the loss is ", metrics.loss, " and the gradient's norm ", metrics.grad_norm));
  const double uniform = std::log(static_cast<double>(parts_.decoder.config().vocab));
  const double limit = std::max(kAstray * uniform, 2 * state_.first_loss);
  if (spec().method == Method::kSupervised && metrics.loss > limit)
    return Diverged(absl::StrCat("the loss is ", metrics.loss, ", above ", limit,
                                 "; a uniform guess has ", uniform, ", the first step had ",
                                 state_.first_loss));
  return absl::OkStatus();
}

bool TrainRun::HalveMicroBatches() {
  if (halved_ || !data_->HalveMicroBatches()) return false;
  halved_ = true;
  state_.micro_batch_tokens = data_->micro_batch_tokens();
  LogWarning("out of memory: trying the step again with smaller micro-batches",
             {{"step", std::to_string(state_.step)},
              {"tokens", std::to_string(state_.micro_batch_tokens)}});
  return true;
}

void TrainRun::BeginStep() {
  began_ = std::chrono::steady_clock::now();
  ++state_.step;
}

std::unique_ptr<StepWork> TrainRun::Work() {
  auto work = std::make_unique<StepWork>(parts_.decoder, parts_.adapter, trained_, spec().seed,
                                         state_.step, data_->BatchOf(state_.step), recompute_);
  for (PackedBatch& micro : work->batch.micros)
    if (micro.preference) AttachReference(parts_.decoder, micro);
  return work;
}

StepMetrics TrainRun::Metrics(const StepWork& work, const GradVec& gradient) const {
  const StepLosses& losses = work.ctx.losses();
  StepMetrics metrics;
  metrics.step = state_.step;
  metrics.total_steps = data_->total_steps();
  metrics.tokens = state_.tokens;
  metrics.loss = losses.Mean();
  metrics.user_loss = losses.Mean(0);
  metrics.mixed_loss = losses.Mean(1);
  metrics.preference = losses.preference();
  metrics.learning_rate = LearningRate(spec(), state_.step, metrics.total_steps);
  metrics.grad_norm = gradient.Norm();
  return metrics;
}

absl::Status TrainRun::EvaluateStep(StepMetrics& metrics) {
  metrics.eval = Evaluate(parts_.decoder, parts_.adapter, parts_.inputs, state_.micro_batch_tokens);
  if (!std::isfinite(metrics.eval->loss))
    return Diverged(absl::StrCat("the evaluation's loss is ", metrics.eval->loss));
  if (spec().patience > 0) {
    if (state_.stop.See(state_.step, metrics.eval->loss, spec().min_delta)) best_ = trained_.Copy();
    enough_ = state_.stop.worse >= spec().patience;
  }
  return absl::OkStatus();
}

absl::Status TrainRun::WriteCheckpointOfStep() {
  state_.defence_state = parts_.defence.State();
  TW_ASSIGN_OR_RETURN(const std::string folder,
                      WriteCheckpoint(parts_.inputs.work_folder,
                                      {state_, parts_.adapter == nullptr, trained_.ToTensors(),
                                       optimizer_.State(), best_}));
  good_ = state_.step;
  return parts_.observer.OnCheckpoint(folder, state_.step);
}

absl::Status TrainRun::EndStep(StepWork& work) {
  state_.tokens += work.batch.tokens;
  StepMetrics metrics = Metrics(work, work.gradient);
  if (state_.step == 1) state_.first_loss = metrics.loss;
  TW_RETURN_IF_ERROR(CheckStep(metrics));

  if (spec().max_grad_norm > 0 && metrics.grad_norm > spec().max_grad_norm)
    work.gradient.Scale(spec().max_grad_norm / metrics.grad_norm);
  optimizer_.Step(work.gradient.tensors(), metrics.learning_rate);
  parts_.defence.AfterStep(work.ctx);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
  metrics.tokens_per_second = static_cast<double>(work.batch.tokens) / std::max(took.count(), 1e-9);

  const bool last = state_.step == metrics.total_steps;
  const int every = spec().checkpoint_every;
  const bool keep = every > 0 && state_.step % every == 0 && !last;
  if ((keep || last) && !trained_.AllFinite())
    return Diverged("the trained weights are not finite");
  if (spec().eval_every > 0 && (state_.step % spec().eval_every == 0 || last))
    TW_RETURN_IF_ERROR(EvaluateStep(metrics));
  if (keep && !enough_) TW_RETURN_IF_ERROR(WriteCheckpointOfStep());
  stopped_ = !parts_.observer.OnStep(metrics);
  return absl::OkStatus();
}

absl::StatusOr<TrainOutcome> TrainRun::Finish() {
  if (stopped_)
    return TrainOutcome{state_.step, state_.tokens, true, false, 0, state_.micro_batch_tokens,
                        recompute_};
  if (state_.stop.best_step > 0 && state_.stop.best_step != state_.step)
    TW_RETURN_IF_ERROR(trained_.CopyFrom(std::move(best_)));
  return TrainOutcome{state_.step, state_.tokens,         false,
                      enough_,     state_.stop.best_step, state_.micro_batch_tokens,
                      recompute_};
}

}  // namespace tuneward
