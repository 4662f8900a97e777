// What the world sees of a training that runs: the first step, metrics (every step in job_metrics,
// an event a second at most), progress for the heartbeat, checkpoints, and the process's own
// metrics. Called by the trainer on the models' thread; it is also where the trainer learns that it
// has to stop and where chats get their share of the time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/store/blob/blob_tree.h"
#include "worker/engine/engine.h"
#include "worker/runner/task_handler.h"
#include "worker/tasks/task_services.h"

namespace tuneward {

inline constexpr int64_t kMaxMetricsEvents = 2000;  // of a job (contracts.md A28)

class TrainRecorder final : public TrainObserver {
 public:
  // `recorded_step`: the last step an earlier run of this job has recorded; 0: none. Its events are
  // not written again. `prepared`: what the training rows are.
  TrainRecorder(TaskServices& services, const ClaimedTask& task, TaskControl& control,
                JobEvent prepared, int64_t recorded_step)
      : services_(services),
        task_(task),
        control_(control),
        prepared_(std::move(prepared)),
        recorded_step_(recorded_step) {}

  bool OnStep(const StepMetrics& metrics) override;
  absl::Status OnCheckpoint(const std::string& folder, int64_t step) override;
  // What has not been written yet, and which step's weights the model has where an evaluation chose
  // them; also the error that made OnStep stop the training.
  absl::Status Finish(const TrainOutcome& outcome);

 private:
  absl::Status Begin();  // D3 row 8, once
  absl::Status Record(const StepMetrics& metrics);
  // `last`: the step that ends the training has an event, however soon after the one before.
  absl::Status Flush(bool last = false);
  absl::Status RecordCheckpoint();
  void CountTokens(const StepMetrics& metrics);

  TaskServices& services_;
  const ClaimedTask& task_;
  TaskControl& control_;
  JobEvent prepared_;
  int64_t recorded_step_;
  bool started_ = false;
  int64_t tokens_ = 0;
  std::vector<StepMetricsRecord> waiting_;
  StepMetrics last_;
  Json eval_ = Json::object();  // the last evaluation's keys: steps after it show them, too
  int64_t last_event_step_ = 0;
  Clock::MonoTime last_event_{}, last_flush_{};
  struct Checkpoint {
    int64_t step = 0;
    Digest tree;
    std::vector<BlobRef> blobs;
  };
  std::optional<Checkpoint> checkpoint_;  // in the blob store, not recorded yet
  absl::Status error_;
};

// Rows of the blobs table for a stored tree.
std::vector<BlobRef> BlobRefsOf(const std::vector<StoredBlob>& blobs);

// A full disk is UNAVAILABLE here: the provider's trouble that may pass, not the job's.
absl::StatusOr<StoredTree> PutTaskTree(BlobStore& blobs, const std::string& folder);

}  // namespace tuneward
