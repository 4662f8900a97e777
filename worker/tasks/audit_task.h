// Task `audit`: asks the tuned model and its base the questions of the job's audit profile, stores
// report and generations, and lets the release gate decide (contracts.md D3 rows 11, 14). A killed
// audit goes on after its last whole batch when it comes back to this machine, and gives the same
// bytes wherever it runs. Models' thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/job/release_gate.h"
#include "worker/audits/audit_runner.h"
#include "worker/runner/task_handler.h"
#include "worker/tasks/job_inputs.h"
#include "worker/tasks/task_services.h"

namespace tuneward {

class AuditTask final : public TaskHandler {
 public:
  explicit AuditTask(TaskServices& services) : services_(services) {}
  TaskKind kind() const override { return TaskKind::kAudit; }
  absl::Status Run(const ClaimedTask& task, TaskControl& control) override;
  // The model is HELD, "audit incomplete".
  absl::Status Fail(const ClaimedTask& task, const absl::Status& why) override;

 private:
  absl::StatusOr<AuditOutcome> Audit(TaskControl& control, const JobInputs& inputs,
                                     const ModelRecord& model, const std::string& work);
  absl::Status StoreReport(const ClaimedTask& task, const TaskControl& control,
                           const JobInputs& inputs, const AuditOutcome& outcome);
  BaseAnswerCache BaseAnswers();

  TaskServices& services_;
};

// What a release decision says of an audit that failed: the reason where it is the client's file,
// else none of our own text, which may name files and hosts and is in the log.
std::string AuditErrorOf(const absl::Status& why);

// The evaluation set of that name (base_models.eval_set). NOT_FOUND names those there are.
absl::StatusOr<EvalSet> FindEvalSet(const std::string& id);

// The rows that the task audit asks: the validation file's; without one, at most 100 of the
// training rows, chosen by the job's seed and marked as in-sample (contracts.md A10).
struct TaskRows {
  std::vector<Chat> rows;
  bool in_sample = false;
};
absl::StatusOr<TaskRows> LoadTaskRows(TaskServices& services, const JobInputs& inputs);

// Reports of earlier jobs of the project on the same bytes and base, with much the same safety
// choice (IsSameTry), that the gate has held or blocked: they are pooled with the new one, so that
// trying seeds until a verdict suits does not help (contracts.md D11).
absl::StatusOr<std::vector<AuditReport>> EarlierReports(TaskServices& services,
                                                        const JobInputs& inputs);

}  // namespace tuneward
