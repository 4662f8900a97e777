// Jobs as clients see them: creation, reading, cancelling, events. What workers do to jobs is in
// transition_store.h. Each method is one transaction. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "core/store/pg/pool.h"
#include "core/store/records.h"

namespace tuneward {

class JobStore {
 public:
  explicit JobStore(PgPool& pool) : pool_(pool) {}

  // D3 row 1: job, idempotency row, plan task and event. `job` needs id, project_id, spec,
  // resolved, base_model_id, policy, seed, engine_mode, metadata and trace_id; its position is set
  // here.
  absl::StatusOr<Created<JobRecord>> CreateJob(const JobRecord& job,
                                               const std::string& plan_task_id,
                                               const Json& plan_payload,
                                               const Idempotency& idempotency = {});
  // NOT_FOUND also for another project's job.
  absl::StatusOr<JobRecord> GetJob(const std::string& project_id, const std::string& id);
  absl::StatusOr<JobRecord> GetJobById(const std::string& id);  // for workers and planners
  absl::StatusOr<Page<JobRecord>> ListJobs(const std::string& project_id, const PageRequest& page);
  // D3 rows 15 and 16. FAILED_PRECONDITION BAD_STATE when the job has ended. Repeating it on a
  // running job changes nothing.
  absl::StatusOr<JobRecord> CancelJob(const std::string& project_id, const std::string& id);

  // Events with seq > after_seq, in order, at most `limit`.
  absl::StatusOr<std::vector<EventRecord>> ListEvents(const std::string& job_id, int64_t after_seq,
                                                      int limit);
  absl::StatusOr<std::vector<StepMetricsRecord>> ListMetrics(const std::string& job_id,
                                                             int64_t after_step, int limit);
  // NOT_FOUND when the job is not planned yet.
  absl::StatusOr<PlanRecord> GetPlan(const std::string& job_id);
  // Newest first; empty when there is none.
  absl::StatusOr<std::vector<CheckpointRecord>> ListCheckpoints(const std::string& job_id);

 private:
  PgPool& pool_;
};

}  // namespace tuneward
