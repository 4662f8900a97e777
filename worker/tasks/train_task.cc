#include "worker/tasks/train_task.h"

#include <filesystem>
#include <memory>

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

absl::StatusOr<TrainOutcome> TrainTask::Train(const ClaimedTask& task, TaskControl& control,
                                              const JobInputs& inputs, const std::string& work) {
  TW_ASSIGN_OR_RETURN(const std::shared_ptr<LoadedBase> base,
                      services_.model_cache.GetBase(inputs.base.tree_sha256.Hex()));
  TW_ASSIGN_OR_RETURN(const Prepared prepared, Prepare(inputs, base->tokenizer(), work));
  TW_ASSIGN_OR_RETURN(const auto recorded, services_.jobs.ListMetrics(inputs.job.id, 0, kAllSteps));
  TrainRecorder recorder(services_, task, control, prepared.event,
                         recorded.empty() ? 0 : recorded.back().step);
  absl::StatusOr<TrainOutcome> outcome =
      base->model().Train(prepared.train, work + "/adapter", recorder);
  if (absl::IsResourceExhausted(outcome.status()) && !IsOutOfMemory(outcome.status())) {
    return absl::UnavailableError(
        outcome.status().message());  // a full disk: the provider's trouble, which may pass
  }
  TW_RETURN_IF_ERROR(outcome.status());
  TW_RETURN_IF_ERROR(recorder.Finish(*outcome));
  if (outcome->stopped)
    return absl::CancelledError("stopped at step " + std::to_string(outcome->steps));
  return outcome;
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

absl::Status TrainTask::Run(const ClaimedTask& task, TaskControl& control) {
  TW_ASSIGN_OR_RETURN(const JobInputs inputs, LoadJobInputs(services_, task.job_id));
  // By fence: a stale task of another process on this machine may still write into its own.
  const ScopedFolder work(
      services_.settings.WorkFolder(task.job_id + "-" + std::to_string(task.lease.fence)));
  absl::StatusOr<TrainOutcome> outcome = Train(task, control, inputs, work.path());
  if (IsOutOfMemory(outcome.status()) && !control.ShouldStop()) {
    LogWarning("out of memory: trying once more with nothing else in memory");
    services_.model_cache.Clear();
    outcome = Train(task, control, inputs, work.path());
  }
  TW_RETURN_IF_ERROR(outcome.status());
  return StoreAdapter(task, control, inputs, *outcome, work.path() + "/adapter");
}

absl::Status TrainTask::Fail(const ClaimedTask& task, const absl::Status& why) {
  return services_.transitions.TrainFailed(task.lease, TrainErrorOf(why));
}

}  // namespace tuneward
