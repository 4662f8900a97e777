// What the holder of a task does to its job: one method a row of contracts.md D3, everything of the
// row in one transaction whose first statement is the fence check. ABORTED LEASE_LOST when the
// lease is not held any more: stop, nothing was written. A lost COMMIT reply is settled here (same
// fence and `succeeded` = done); methods may be called again after UNAVAILABLE. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "core/store/pg/pool.h"
#include "core/store/pg/task_store.h"
#include "core/store/records.h"

namespace tuneward {

// The task that follows in the job's chain; the id is made by the caller.
struct NextTask {
  std::string id;
  Json payload = Json::object();
};

struct GateOutcome {
  Release verdict = Release::kHeld;
  std::vector<std::string> reasons;
  int64_t policy_version = 0;
};

class TransitionStore {
 public:
  explicit TransitionStore(PgPool& pool) : pool_(pool) {}

  // Plan tasks. Row 2; `stage` is kScreening or kPlanning. Already there: OK, no event.
  absl::Status PlanMoved(const TaskLease& lease, JobStage stage);
  // Row 4: plan row and blob, task train. `summary` is plans.summary.
  absl::Status PlanCompleted(const TaskLease& lease, const BlobRef& plan, const Json& summary,
                             const NextTask& train);
  // Row 6.
  absl::Status PlanFailed(const TaskLease& lease, const JobError& error);

  // Train tasks. Row 8; already training (a resumed job): OK, no event.
  // `prepared`: what the job was made of, told with the move and so once.
  absl::Status FirstStep(const TaskLease& lease, const std::vector<JobEvent>& prepared = {});
  // Row 9. `blobs`: the tree itself and its members. The last two checkpoints' rows are kept.
  absl::Status CheckpointStored(const TaskLease& lease, int64_t step, const Digest& tree,
                                const std::vector<BlobRef>& blobs);
  // Row 10: model PENDING, task audit. `model` needs id, base_model_id, root_base_id, tree_sha256
  // and serving.
  absl::Status AdapterStored(const TaskLease& lease, const ModelRecord& model,
                             const std::vector<BlobRef>& blobs, int64_t trained_tokens,
                             const NextTask& audit);
  // Row 13: diverged, out of memory, or a server_error while preparing.
  absl::Status TrainFailed(const TaskLease& lease, const JobError& error);

  // Audit tasks. Row 11. `audit` needs id, report_sha256, profile, policy and fingerprint. The
  // sealed flag is enforced here: a RELEASED verdict on a sealed model is stored as HELD.
  absl::Status ReportStored(const TaskLease& lease, const AuditRecord& audit,
                            const std::vector<BlobRef>& blobs, const GateOutcome& outcome);
  // Row 14: the judge failed; the model is HELD, "audit incomplete: <reason>".
  absl::Status AuditIncomplete(const TaskLease& lease, const std::string& reason);

  // Row 16, after cancel_requested: CANCELLED; a model of the job is deleted.
  absl::Status JobCancelled(const TaskLease& lease);

  // Adds events and metric rows; rows that are there already stay, and where all of them are this
  // is a repetition that adds no event. A metrics event a second at most is the caller's business.
  absl::Status Append(const TaskLease& lease, const std::vector<JobEvent>& events,
                      const std::vector<StepMetricsRecord>& metrics = {});

 private:
  PgPool& pool_;
};

}  // namespace tuneward
