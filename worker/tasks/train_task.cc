#include "worker/tasks/train_task.h"

#include <filesystem>
#include <optional>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/store/blob/blob_tree.h"
#include "worker/runner/fenced_write.h"
#include "worker/tasks/prepared_event.h"
#include "worker/tasks/train_recorder.h"

namespace tuneward {
namespace {

constexpr int kAllSteps = 1 << 30;

// A folder that goes with its scope: a task leaves nothing behind but blobs and rows.
class ScopedFolder {
 public:
  explicit ScopedFolder(std::string path) : path_(std::move(path)) {}
  ~ScopedFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

bool IsOutOfMemory(const absl::Status& status) {
  return absl::IsResourceExhausted(status) &&
         status.message().find("out of memory") != absl::string_view::npos;
}

}  // namespace

std::string TunedModelId(const JobInputs& inputs) {
  const std::string& job = inputs.job.id;
  return "ft:" + inputs.base.id + ":" + inputs.job.project_id + ":" + inputs.spec.suffix + ":" +
         job.substr(job.size() - 10);
}

JobError TrainErrorOf(const absl::Status& why) {
  const std::string message(why.message());
  if (absl::IsOutOfRange(why))
    return {"diverged", "hyperparameters.learning_rate_multiplier", message};
  if (IsOutOfMemory(why)) return {"out_of_memory", "hyperparameters.batch_size", message};
  const ErrorInfo info = GetErrorInfo(why);
  const std::string& reason = info.reason;
  const auto field = info.metadata.find("field");
  const std::string file = field != info.metadata.end() ? field->second : "training_file";
  if (reason == "TOO_FEW_EXAMPLES") return {"invalid_n_examples", "training_file", message};
  if (reason == "INVALID_FILE" || reason == "LIMIT_EXCEEDED") {
    return {"invalid_training_file", file, message};
  }
  LogError("training failed for a reason of ours", {{"error", why.ToString()}});
  return {"server_error", "", "the training failed for a reason that is the provider's"};
}

absl::StatusOr<TrainTask::Prepared> TrainTask::Prepare(const JobInputs& inputs,
                                                       const Tokenizer& tokenizer,
                                                       const std::string& work) {
  TW_ASSIGN_OR_RETURN(const auto user, ReadDatasetBlob(services_.blobs, inputs.file.sha256));
  TW_ASSIGN_OR_RETURN(MaterializedRows rows, PrepareRows(inputs, user, tokenizer));
  Prepared prepared{PreparedEvent(rows), {}};
  TrainInputs& train = prepared.train;
  train.rows = std::move(rows.rows);
  TW_ASSIGN_OR_RETURN(train.spec, TrainSpecOf(inputs.manifest.hyperparameters,
                                              services_.settings.checkpoint_every));
  if (inputs.held_out) {
    TW_ASSIGN_OR_RETURN(auto held_out, ReadDatasetBlob(services_.blobs, inputs.held_out->sha256));
    TW_ASSIGN_OR_RETURN(train.eval_rows, PrepareEvalRows(inputs, std::move(held_out), tokenizer));
  }
  train.manifest_sha = inputs.manifest.Hash().Hex();
  train.work_folder = work + "/checkpoints";
  TW_RETURN_IF_ERROR(MakeFolders(train.work_folder));
  TW_ASSIGN_OR_RETURN(const auto checkpoints, services_.jobs.ListCheckpoints(inputs.job.id));
  if (!checkpoints.empty()) {
    const CheckpointRecord& last = checkpoints.front();
    TW_ASSIGN_OR_RETURN(train.resume_from, MaterializeTree(services_.blobs, last.tree_sha256,
                                                           services_.settings.TreeFolder()));
    LogInfo("training goes on from a checkpoint", {{"step", std::to_string(last.step)}});
  }
  return prepared;
}

struct TrainTask::Training {
  Training(const ClaimedTask& the_task, TaskControl& the_control, const std::string& folder)
      : task(the_task), control(the_control), work(folder) {}
  const ClaimedTask& task;
  TaskControl& control;
  const ScopedFolder work;
  JobInputs inputs;
  std::shared_ptr<LoadedBase> base;
  Prepared prepared;
  std::optional<TrainRecorder> recorder;
  std::string AdapterFolder() const { return work.path() + "/adapter"; }
};

absl::StatusOr<std::unique_ptr<TrainTask::Training>> TrainTask::Begin(const ClaimedTask& task,
                                                                      TaskControl& control,
                                                                      size_t together) {
  // By fence: a stale task of another process on this machine may still write into its own.
  auto training = std::make_unique<Training>(
      task, control,
      services_.settings.WorkFolder(task.job_id + "-" + std::to_string(task.lease.fence)));
  TW_ASSIGN_OR_RETURN(training->inputs, LoadJobInputs(services_, task.job_id));
  const JobInputs& inputs = training->inputs;
  TW_ASSIGN_OR_RETURN(training->base, services_.model_cache.GetBase(inputs.base.tree_sha256.Hex()));
  TW_ASSIGN_OR_RETURN(training->prepared,
                      Prepare(inputs, training->base->tokenizer(), training->work.path()));
  if (together > 1) training->prepared.event.data["trainings_together"] = together;
  TW_ASSIGN_OR_RETURN(const auto recorded, services_.jobs.ListMetrics(inputs.job.id, 0, kAllSteps));
  training->recorder.emplace(services_, task, control, training->prepared.event,
                             recorded.empty() ? 0 : recorded.back().step);
  return training;
}

absl::Status TrainTask::End(Training& training, absl::StatusOr<TrainOutcome> outcome) {
  if (absl::IsResourceExhausted(outcome.status()) && !IsOutOfMemory(outcome.status())) {
    return absl::UnavailableError(
        outcome.status().message());  // a full disk: the provider's trouble, which may pass
  }
  TW_RETURN_IF_ERROR(outcome.status());
  TW_RETURN_IF_ERROR(training.recorder->Finish(*outcome));
  if (outcome->stopped)
    return absl::CancelledError("stopped at step " + std::to_string(outcome->steps));
  return StoreAdapter(training.task, training.control, training.inputs, *outcome,
                      training.AdapterFolder());
}

absl::Status TrainTask::StoreAdapter(const ClaimedTask& task, const TaskControl& control,
                                     const JobInputs& inputs, const TrainOutcome& outcome,
                                     const std::string& folder) {
  TW_ASSIGN_OR_RETURN(const StoredTree tree, PutTaskTree(services_.blobs, folder));
  TW_ASSIGN_OR_RETURN(const StoredBlob manifest,
                      services_.blobs.Put(inputs.manifest.CanonicalJsonText()));
  std::vector<BlobRef> blobs = BlobRefsOf(tree.blobs);
  blobs.push_back({manifest.sha256, manifest.bytes});
  ModelRecord model;
  model.id = TunedModelId(inputs);
  model.base_model_id = model.root_base_id = inputs.base.id;
  model.tree_sha256 = tree.sha256;
  model.serving = {{"chat_template", inputs.base.chat_template},
                   {"manifest", manifest.sha256.Hex()}};
  const NextTask audit{services_.ids.Make(kTaskPrefix)};
  return WriteWhileHeld(control, [&] {
    return services_.transitions.AdapterStored(task.lease, model, blobs, outcome.tokens, audit);
  });
}

absl::Status TrainTask::TrainAlone(const ClaimedTask& task, TaskControl& control) {
  TW_ASSIGN_OR_RETURN(const auto training, Begin(task, control, 1));
  return End(*training,
             training->base->model().Train(training->prepared.train, training->AdapterFolder(),
                                           *training->recorder));
}

absl::Status TrainTask::Run(const ClaimedTask& task, TaskControl& control) {
  const absl::Status status = TrainAlone(task, control);
  if (!IsOutOfMemory(status) || control.ShouldStop()) return status;
  LogWarning("out of memory: trying once more with nothing else in memory");
  services_.model_cache.Clear();
  return TrainAlone(task, control);
}

size_t TrainTask::max_together() const {
  return alone_ ? 1 : static_cast<size_t>(services_.settings.train_together);
}

void TrainTask::RunTogether(std::span<const HeldTask> tasks, const OnTaskEnd& on_end) {
  std::vector<std::unique_ptr<Training>> trainings;
  std::vector<size_t> place;  // of each training among the tasks
  for (size_t i = 0; i < tasks.size(); ++i) {
    const LogScope scope(FieldsOf(*tasks[i].task));
    auto training = Begin(*tasks[i].task, *tasks[i].control, tasks.size());
    if (!training.ok()) {
      on_end(i, training.status());
      continue;
    }
    trainings.push_back(*std::move(training));
    place.push_back(i);
  }
  if (trainings.empty()) return;
  std::vector<TrainTogetherJob> jobs;
  for (const auto& training : trainings)
    jobs.push_back({&training->prepared.train, training->AdapterFolder(), &*training->recorder});
  const std::shared_ptr<LoadedBase> base = trainings.front()->base;
  base->model().TrainTogether(jobs, [&](size_t i, absl::StatusOr<TrainOutcome> outcome) {
    const LogScope scope(FieldsOf(trainings[i]->task));
    if (IsOutOfMemory(outcome.status())) {
      LogWarning("out of memory: from now on this worker trains one job at a time");
      alone_ = true;
      outcome = absl::UnavailableError(outcome.status().message());
    }
    on_end(place[i], End(*trainings[i], std::move(outcome)));
  });
}

absl::Status TrainTask::Fail(const ClaimedTask& task, const absl::Status& why) {
  return services_.transitions.TrainFailed(task.lease, TrainErrorOf(why));
}

}  // namespace tuneward
