// Task `train`: prepares the rows, trains the adapter with checkpoints, stores it and queues the
// audit (contracts.md D3 rows 7 to 10, 13). A task that was interrupted goes on from the last
// checkpoint that is recorded, bit for bit. Models' thread only.
#pragma once

#include "worker/runner/task_handler.h"
#include "worker/tasks/job_inputs.h"
#include "worker/tasks/task_services.h"

namespace tuneward {

class TrainTask final : public TaskHandler {
 public:
  explicit TrainTask(TaskServices& services) : services_(services) {}
  TaskKind kind() const override { return TaskKind::kTrain; }
  absl::Status Run(const ClaimedTask& task, TaskControl& control) override;
  absl::Status Fail(const ClaimedTask& task, const absl::Status& why) override;

 private:
  struct Prepared {
    JobEvent event;  // what the rows came to
    TrainInputs train;
  };
  absl::StatusOr<Prepared> Prepare(const JobInputs& inputs, const Tokenizer& tokenizer,
                                   const std::string& work);
  absl::StatusOr<TrainOutcome> Train(const ClaimedTask& task, TaskControl& control,
                                     const JobInputs& inputs, const std::string& work);
  absl::Status StoreAdapter(const ClaimedTask& task, const TaskControl& control,
                            const JobInputs& inputs, const TrainOutcome& outcome,
                            const std::string& folder);

  TaskServices& services_;
};

// `ft:<base>:<project>:<suffix>:<10 chars>`, the last part being the end of the job's id: one job,
// one model, whoever asks.
std::string TunedModelId(const JobInputs& inputs);

// jobs.error for an error of a training (contracts.md D10).
JobError TrainErrorOf(const absl::Status& why);

}  // namespace tuneward
