#include "worker/tasks/train_recorder.h"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "core/base/log.h"
#include "core/store/blob/blob_tree.h"
#include "worker/runner/fenced_write.h"

namespace tuneward {
namespace {

constexpr std::chrono::seconds kEventEvery(1);

void AddLosses(const std::string& prefix, double user, double mixed,
               const std::optional<PreferenceMetrics>& preference, Json& data) {
  if (!std::isnan(user)) data[prefix + "user_loss"] = user;
  if (!std::isnan(mixed)) data[prefix + "mixed_loss"] = mixed;
  if (!preference) return;
  data[prefix + "chosen_reward"] = preference->chosen_reward;
  data[prefix + "rejected_reward"] = preference->rejected_reward;
  data[prefix + "reward_margin"] = preference->margin;
  data[prefix + "reward_accuracy"] = preference->accuracy;
}

Json EvalJson(const StepMetrics& metrics) {
  Json data = {{"eval_step", metrics.step}, {"eval_loss", metrics.eval->loss}};
  AddLosses("eval_", metrics.eval->user_loss, metrics.eval->mixed_loss, metrics.eval->preference,
            data);
  return data;
}

// Of the step alone.
Json MetricsJson(const StepMetrics& metrics) {
  Json data = {{"step", metrics.step},
               {"total_steps", metrics.total_steps},
               {"tokens", metrics.tokens},
               {"loss", metrics.loss},
               {"learning_rate", metrics.learning_rate},
               {"grad_norm", metrics.grad_norm},
               {"tokens_per_second", metrics.tokens_per_second}};
  AddLosses("", metrics.user_loss, metrics.mixed_loss, metrics.preference, data);
  if (metrics.eval) data.update(EvalJson(metrics));
  return data;
}

std::string MetricsSentence(const StepMetrics& metrics, const Json& eval) {
  std::string text = fmt::format("Step {}/{}: training loss={:.4f}", metrics.step,
                                 metrics.total_steps, metrics.loss);
  if (metrics.preference)
    text += fmt::format(", reward accuracy={:.3f}, reward margin={:.4f}",
                        metrics.preference->accuracy, metrics.preference->margin);
  if (!eval.empty())
    text += fmt::format(", validation loss={:.4f} at step {}", eval["eval_loss"].get<double>(),
                        eval["eval_step"].get<int64_t>());
  return text;
}

// Which step's weights the model has.
JobEvent BestEvent(const TrainOutcome& outcome) {
  JobEvent event;
  event.message = fmt::format(
      "{}the model is that of step {}, whose loss on the validation file is the lowest",
      outcome.stopped_early ? fmt::format("Stopped early after step {}: ", outcome.steps) : "",
      outcome.best_step);
  event.data = {{"best_step", outcome.best_step},
                {"steps", outcome.steps},
                {"stopped_early", outcome.stopped_early}};
  return event;
}

}  // namespace

std::vector<BlobRef> BlobRefsOf(const std::vector<StoredBlob>& blobs) {
  std::vector<BlobRef> refs;
  for (const StoredBlob& blob : blobs) refs.push_back({blob.sha256, blob.bytes});
  return refs;
}

absl::StatusOr<StoredTree> PutTaskTree(BlobStore& blobs, const std::string& folder) {
  absl::StatusOr<StoredTree> tree = PutTree(blobs, folder);
  if (absl::IsResourceExhausted(tree.status()))
    return absl::UnavailableError(tree.status().message());
  return tree;
}

bool TrainRecorder::OnStep(const StepMetrics& metrics) {
  const LogScope scope(FieldsOf(task_));  // several trainings may take turns on this thread
  CountTokens(metrics);
  error_ = Record(metrics);
  if (!error_.ok()) return false;
  services_.decode.RunBetweenSteps();
  return !control_.ShouldStop();
}

void TrainRecorder::CountTokens(const StepMetrics& metrics) {
  // The first step that a resumed run reports counts the tokens of the steps before it too: those
  // are not this process's.
  const int64_t delta = tokens_ > 0 || metrics.step == 1 ? metrics.tokens - tokens_ : 0;
  tokens_ = metrics.tokens;
  services_.metrics.TrainStep(delta, metrics.tokens_per_second, metrics.loss);
}

absl::Status TrainRecorder::Begin() {
  if (started_) return absl::OkStatus();
  TW_RETURN_IF_ERROR(WriteWhileHeld(
      control_, [&] { return services_.transitions.FirstStep(task_.lease, {prepared_}); }));
  started_ = true;
  return absl::OkStatus();
}

absl::Status TrainRecorder::Record(const StepMetrics& metrics) {
  TW_RETURN_IF_ERROR(Begin());
  last_ = metrics;
  const Json data = MetricsJson(metrics);
  if (metrics.eval) eval_ = EvalJson(metrics);
  Json progress = data;
  progress.update(eval_);
  control_.SetProgress(std::move(progress));
  if (metrics.step > recorded_step_) waiting_.push_back({metrics.step, data});
  if (checkpoint_) return RecordCheckpoint();
  if (services_.clock.Monotonic() - last_flush_ < kEventEvery) return absl::OkStatus();
  const absl::Status status = Flush();
  // Steps that could not be written now go with the next flush; only a lost lease is a reason to
  // stop.
  return absl::IsUnavailable(status) ? absl::OkStatus() : status;
}

absl::Status TrainRecorder::Flush(bool last) {
  if (waiting_.empty()) return absl::OkStatus();
  std::vector<JobEvent> events;
  const Clock::MonoTime now = services_.clock.Monotonic();
  const int64_t apart =
      std::max<int64_t>(1, (last_.total_steps + kMaxMetricsEvents - 1) / kMaxMetricsEvents);
  if (last || last_event_step_ == 0 ||
      (now - last_event_ >= kEventEvery && last_.step - last_event_step_ >= apart)) {
    Json data = MetricsJson(last_);
    data.update(eval_);
    events.push_back({kLevelInfo, kEventMetrics, MetricsSentence(last_, eval_), std::move(data)});
  }
  TW_RETURN_IF_ERROR(services_.transitions.Append(task_.lease, events, waiting_));
  if (!events.empty()) {
    last_event_step_ = last_.step;
    last_event_ = now;
  }
  waiting_.clear();
  last_flush_ = now;
  return absl::OkStatus();
}

absl::Status TrainRecorder::OnCheckpoint(const std::string& folder, int64_t step) {
  const LogScope scope(FieldsOf(task_));
  TW_ASSIGN_OR_RETURN(const StoredTree tree, PutTaskTree(services_.blobs, folder));
  checkpoint_ = Checkpoint{step, tree.sha256, BlobRefsOf(tree.blobs)};
  // A resumed run does not report the steps before its checkpoint again, so their metrics are
  // written before the row that makes the checkpoint count; those of this very step may still be to
  // come.
  return step <= last_.step ? RecordCheckpoint() : absl::OkStatus();
}

absl::Status TrainRecorder::RecordCheckpoint() {
  TW_RETURN_IF_ERROR(WriteWhileHeld(control_, [&] { return Flush(); }));
  TW_RETURN_IF_ERROR(WriteWhileHeld(control_, [&] {
    return services_.transitions.CheckpointStored(task_.lease, checkpoint_->step, checkpoint_->tree,
                                                  checkpoint_->blobs);
  }));
  LogDebug("checkpoint stored", {{"step", std::to_string(checkpoint_->step)}});
  checkpoint_.reset();
  return absl::OkStatus();
}

absl::Status TrainRecorder::Finish(const TrainOutcome& outcome) {
  TW_RETURN_IF_ERROR(error_);
  TW_RETURN_IF_ERROR(WriteWhileHeld(control_, [&] { return Flush(/*last=*/!outcome.stopped); }));
  if (outcome.stopped || outcome.best_step == 0) return absl::OkStatus();
  return WriteWhileHeld(control_, [&] {
    return services_.transitions.Append(task_.lease, {BestEvent(outcome)}, {});
  });
}

}  // namespace tuneward
