// Task `train`: prepares the rows, trains the adapter with checkpoints, stores it and queues the
// audit (contracts.md D3 rows 7 to 10, 13). A task that was interrupted goes on from the last
// checkpoint that is recorded: bit for bit in isolated mode. Jobs in shared mode on one base are
// trained step by step together. Models' thread only.
#pragma once

#include <memory>

#include "worker/runner/task_handler.h"
#include "worker/tasks/job_inputs.h"
#include "worker/tasks/task_services.h"

namespace tuneward {

class TrainTask final : public TaskHandler {
 public:
  explicit TrainTask(TaskServices& services) : services_(services) {}
  TaskKind kind() const override { return TaskKind::kTrain; }
  absl::Status Run(const ClaimedTask& task, TaskControl& control) override;
  size_t max_together() const override;
  void RunTogether(std::span<const HeldTask> tasks, const OnTaskEnd& on_end) override;
  absl::Status Fail(const ClaimedTask& task, const absl::Status& why) override;

 private:
  struct Prepared {
    JobEvent event;  // what the rows came to
    TrainInputs train;
  };
  absl::StatusOr<Prepared> Prepare(const JobInputs& inputs, const Tokenizer& tokenizer,
                                   const std::string& work);
  struct Training;
  // Rows, settings and the folder of a task that is about to train with `together` - 1 others.
  absl::StatusOr<std::unique_ptr<Training>> Begin(const ClaimedTask& task, TaskControl& control,
                                                  size_t together);
  // What became of it; the adapter is stored.
  absl::Status End(Training& training, absl::StatusOr<TrainOutcome> outcome);
  absl::Status TrainAlone(const ClaimedTask& task, TaskControl& control);
  absl::Status StoreAdapter(const ClaimedTask& task, const TaskControl& control,
                            const JobInputs& inputs, const TrainOutcome& outcome,
                            const std::string& folder);

  TaskServices& services_;
  bool alone_ = false;  // memory ran out while trainings shared it: from then on one at a time
};

// `ft:<base>:<project>:<suffix>:<10 chars>`, the last part being the end of the job's id: one job,
// one model, whoever asks.
std::string TunedModelId(const JobInputs& inputs);

// jobs.error for an error of a training (contracts.md D10).
JobError TrainErrorOf(const absl::Status& why);

}  // namespace tuneward
