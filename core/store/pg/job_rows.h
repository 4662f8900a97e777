// Steps of a job that several transactions share: lock, move by the state machine, tell the
// watchers. The order of locks is task, job, model. For this folder's .cc files only.
#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/store/records.h"

namespace tuneward {

struct LockedJob {
  std::string id, project_id;
  JobPosition position;
  bool cancel_requested = false;
  std::string trace_id;
};

absl::StatusOr<LockedJob> LockJob(pqxx::work& tx, const std::string& job_id);

// By D3, with its `state` event (none when the position stays); BAD_STATE otherwise. `error` for
// moves to FAILED. `message`: instead of the usual words. Changes `job`.
absl::Status MoveJob(pqxx::work& tx, LockedJob& job, JobTrigger trigger,
                     const std::optional<JobError>& error = std::nullopt,
                     const std::string& message = "");

void AddEvent(pqxx::work& tx, const std::string& job_id, const JobEvent& event);
// A hint for watchers, once a transaction.
void NotifyJob(pqxx::work& tx, const std::string& job_id);

void PutBlobs(pqxx::work& tx, const std::vector<BlobRef>& blobs);
void InsertTask(pqxx::work& tx, const std::string& id, const LockedJob& job, TaskKind kind,
                const Json& payload);

JobRecord ReadJob(const pqxx::row& row);  // of job_get and job_list

struct ReleaseStep {
  Release verdict = Release::kHeld;
  std::vector<std::string> reasons;
  std::string actor;
  ReleaseActor actor_kind = ReleaseActor::kGate;
  int64_t policy_version = 0;
  std::string audit_id;  // empty: none
};

ModelRecord ReadModel(const pqxx::row& row);  // of model_get and its kin

// Under the model's lock: the decision row, models.release and the job's `release` event. BAD_STATE
// where D3 has no such step.
absl::Status TakeReleaseStep(pqxx::work& tx, const ModelRecord& model, const ReleaseStep& verdict);

}  // namespace tuneward
