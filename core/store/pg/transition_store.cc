#include "core/store/pg/transition_store.h"

#include "absl/strings/str_cat.h"
#include "core/store/pg/conversions.h"
#include "core/store/pg/fenced.h"
#include "core/store/pg/job_rows.h"

namespace tuneward {
namespace {

constexpr char kSealedReason[] = "the project is sealed: its models are never released";

absl::StatusOr<ModelRecord> ModelOfJob(pqxx::work& tx, const LockedJob& job) {
  const pqxx::result rows = tx.exec_prepared("model_get_by_job", job.id);
  if (rows.empty())
    return absl::InternalError(absl::StrCat("job ", job.id, " is being audited and has no model"));
  TW_ASSIGN_OR_RETURN(ModelRecord model, absl::StatusOr<ModelRecord>(ReadModel(rows[0])));
  return ReadModel(tx.exec_prepared("model_lock", model.id, "")[0]);
}

// A gate that releases a sealed model is overruled here, because the table would refuse it.
ReleaseStep OfGate(const GateOutcome& outcome, bool sealed, const std::string& audit_id) {
  ReleaseStep verdict{outcome.verdict,     outcome.reasons,        "gate",
                      ReleaseActor::kGate, outcome.policy_version, audit_id};
  if (sealed && outcome.verdict == Release::kReleased) {
    verdict.verdict = Release::kHeld;
    verdict.reasons.push_back(kSealedReason);
  }
  return verdict;
}

}  // namespace

absl::Status TransitionStore::PlanMoved(const TaskLease& lease, JobStage stage) {
  if (stage != JobStage::kScreening && stage != JobStage::kPlanning) {
    return absl::InvalidArgumentError(
        absl::StrCat("a plan moves to SCREENING or PLANNING, got ", std::string(Name(stage))));
  }
  const JobTrigger trigger =
      stage == JobStage::kScreening ? JobTrigger::kMoveToScreening : JobTrigger::kMoveToPlanning;
  return Fenced(pool_, lease, TaskState::kRunning, [&](pqxx::work& tx, LockedJob& job) {
    if (job.position == JobPosition{JobState::kValidatingFiles, stage}) return absl::OkStatus();
    return MoveJob(tx, job, trigger);
  });
}

absl::Status TransitionStore::PlanCompleted(const TaskLease& lease, const BlobRef& plan,
                                            const Json& summary, const NextTask& train) {
  return Fenced(pool_, lease, TaskState::kSucceeded,
                [&](pqxx::work& tx, LockedJob& job) -> absl::Status {
                  TW_RETURN_IF_ERROR(MoveJob(tx, job, JobTrigger::kPlanComplete));
                  PutBlobs(tx, {plan});
                  tx.exec_prepared("plan_insert", job.id, job.project_id, Bytea(plan.sha256),
                                   TextOf(summary));
                  tx.exec_prepared("job_set_plan", job.id, Bytea(plan.sha256));
                  InsertTask(tx, train.id, job, TaskKind::kTrain, train.payload);
                  return absl::OkStatus();
                });
}

absl::Status TransitionStore::PlanFailed(const TaskLease& lease, const JobError& error) {
  return Fenced(
      pool_, lease, TaskState::kFailed,
      [&](pqxx::work& tx, LockedJob& job) {
        return MoveJob(tx, job, JobTrigger::kPlanFailed, error);
      },
      error);
}

absl::Status TransitionStore::FirstStep(const TaskLease& lease,
                                        const std::vector<JobEvent>& prepared) {
  return Fenced(pool_, lease, TaskState::kRunning,
                [&](pqxx::work& tx, LockedJob& job) -> absl::Status {
                  if (job.position == JobPosition{JobState::kRunning, JobStage::kTraining})
                    return absl::OkStatus();
                  for (const JobEvent& event : prepared) AddEvent(tx, job.id, event);
                  return MoveJob(tx, job, JobTrigger::kFirstStep);
                });
}

absl::Status TransitionStore::CheckpointStored(const TaskLease& lease, int64_t step,
                                               const Digest& tree,
                                               const std::vector<BlobRef>& blobs) {
  return Fenced(pool_, lease, TaskState::kRunning,
                [&](pqxx::work& tx, LockedJob& job) -> absl::Status {
                  TW_RETURN_IF_ERROR(MoveJob(tx, job, JobTrigger::kCheckpoint));
                  PutBlobs(tx, blobs);
                  tx.exec_prepared("checkpoint_insert", job.id, step, job.project_id, Bytea(tree),
                                   lease.fence);
                  tx.exec_prepared("checkpoint_trim", job.id);
                  return absl::OkStatus();
                });
}

absl::Status TransitionStore::AdapterStored(const TaskLease& lease, const ModelRecord& model,
                                            const std::vector<BlobRef>& blobs,
                                            int64_t trained_tokens, const NextTask& audit) {
  return Fenced(
      pool_, lease, TaskState::kSucceeded, [&](pqxx::work& tx, LockedJob& job) -> absl::Status {
        TW_RETURN_IF_ERROR(MoveJob(tx, job, JobTrigger::kAdapterStored));
        PutBlobs(tx, blobs);
        tx.exec_prepared("model_insert", model.id, job.project_id, job.id, model.base_model_id,
                         model.root_base_id, Bytea(model.tree_sha256), TextOf(model.serving));
        tx.exec_prepared("job_set_tokens", job.id, trained_tokens);
        InsertTask(tx, audit.id, job, TaskKind::kAudit, audit.payload);
        return absl::OkStatus();
      });
}

absl::Status TransitionStore::TrainFailed(const TaskLease& lease, const JobError& error) {
  return Fenced(
      pool_, lease, TaskState::kFailed,
      [&](pqxx::work& tx, LockedJob& job) {
        return MoveJob(tx, job, JobTrigger::kTrainingFailed, error);
      },
      error);
}

absl::Status TransitionStore::ReportStored(const TaskLease& lease, const AuditRecord& audit,
                                           const std::vector<BlobRef>& blobs,
                                           const GateOutcome& outcome) {
  return Fenced(
      pool_, lease, TaskState::kSucceeded, [&](pqxx::work& tx, LockedJob& job) -> absl::Status {
        TW_RETURN_IF_ERROR(Next(job.position, JobTrigger::kReportStored).status());
        TW_ASSIGN_OR_RETURN(const ModelRecord model, ModelOfJob(tx, job));
        PutBlobs(tx, blobs);
        tx.exec_prepared(
            "audit_insert", audit.id, job.project_id, job.id, model.id, Bytea(audit.report_sha256),
            audit.profile, audit.policy_id, audit.policy_version, audit.fingerprint, lease.fence,
            NullIfEmpty(audit.generations_sha256 ? audit.generations_sha256->Hex() : ""));
        TW_RETURN_IF_ERROR(TakeReleaseStep(tx, model, OfGate(outcome, model.sealed, audit.id)));
        return MoveJob(tx, job, JobTrigger::kReportStored);
      });
}

absl::Status TransitionStore::AuditIncomplete(const TaskLease& lease, const std::string& reason) {
  const JobError error{"server_error", "", absl::StrCat("audit incomplete: ", reason)};
  return Fenced(
      pool_, lease, TaskState::kFailed,
      [&](pqxx::work& tx, LockedJob& job) -> absl::Status {
        TW_RETURN_IF_ERROR(Next(job.position, JobTrigger::kAuditIncomplete).status());
        TW_ASSIGN_OR_RETURN(const ModelRecord model, ModelOfJob(tx, job));
        const ReleaseStep held{Release::kHeld, {error.message}, "gate", ReleaseActor::kGate, 0, ""};
        TW_RETURN_IF_ERROR(TakeReleaseStep(tx, model, held));
        return MoveJob(tx, job, JobTrigger::kAuditIncomplete);
      },
      error);
}

absl::Status TransitionStore::JobCancelled(const TaskLease& lease) {
  return Fenced(pool_, lease, TaskState::kCancelled,
                [&](pqxx::work& tx, LockedJob& job) -> absl::Status {
                  if (!job.cancel_requested) {
                    return MakeError(absl::StatusCode::kFailedPrecondition, "BAD_STATE",
                                     absl::StrCat("nobody asked to cancel job ", job.id),
                                     {{"state", std::string(Name(job.position.state))}});
                  }
                  tx.exec_prepared("model_delete_of_job", job.id);
                  return MoveJob(tx, job, JobTrigger::kWorkerCancelled, std::nullopt,
                                 "the job was cancelled");
                });
}

absl::Status TransitionStore::Append(const TaskLease& lease, const std::vector<JobEvent>& events,
                                     const std::vector<StepMetricsRecord>& metrics) {
  return Fenced(pool_, lease, TaskState::kRunning, [&](pqxx::work& tx, LockedJob& job) {
    bool repeated = !metrics.empty();
    for (const StepMetricsRecord& m : metrics) {
      const bool is_new =
          !tx.exec_prepared("metric_add", job.id, m.step, job.project_id, TextOf(m.data)).empty();
      repeated = repeated && !is_new;
    }
    if (repeated) return absl::OkStatus();  // after a lost COMMIT reply: the events are there too
    for (const JobEvent& event : events) AddEvent(tx, job.id, event);
    return absl::OkStatus();
  });
}

}  // namespace tuneward
