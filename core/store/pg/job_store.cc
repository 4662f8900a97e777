#include "core/store/pg/job_store.h"

#include "core/store/pg/conversions.h"
#include "core/store/pg/job_rows.h"
#include "core/store/pg/requests.h"
#include "core/store/pg/transaction.h"

namespace tuneward {
namespace {

absl::StatusOr<JobRecord> FindJob(pqxx::work& tx, const std::string& project_id,
                                  const std::string& id) {
  const pqxx::result rows = tx.exec_prepared("job_get", id, project_id);
  if (rows.empty()) return NotFound("job", id);
  return ReadJob(rows[0]);
}

void InsertJob(pqxx::work& tx, const JobRecord& job, const std::string& plan_task_id,
               const Json& plan_payload) {
  const JobPosition start;  // D3 row 1
  const std::string state(Name(start.state)), stage(Name(start.stage));
  tx.exec_prepared("job_insert", job.id, job.project_id, state, stage, TextOf(job.spec),
                   TextOf(job.resolved), job.base_model_id, job.policy_id, job.policy_version,
                   job.seed, job.engine_mode, TextOf(job.metadata), job.trace_id);
  InsertTask(tx, plan_task_id, {job.id, job.project_id, start, false, job.trace_id},
             TaskKind::kPlan, plan_payload);
  AddEvent(tx, job.id,
           {kLevelInfo, kEventState, "the job was created", {{"state", state}, {"stage", stage}}});
  NotifyJob(tx, job.id);
}

}  // namespace

absl::StatusOr<Created<JobRecord>> JobStore::CreateJob(const JobRecord& job,
                                                       const std::string& plan_task_id,
                                                       const Json& plan_payload,
                                                       const Idempotency& idempotency) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<Created<JobRecord>> {
    TW_ASSIGN_OR_RETURN(const auto first, ClaimRequest(tx, idempotency, job.id));
    if (!first) InsertJob(tx, job, plan_task_id, plan_payload);
    TW_ASSIGN_OR_RETURN(JobRecord stored, FindJob(tx, job.project_id, first.value_or(job.id)));
    return Created<JobRecord>{std::move(stored), first.has_value()};
  });
}

absl::StatusOr<JobRecord> JobStore::GetJob(const std::string& project_id, const std::string& id) {
  if (project_id.empty()) return NotFound("job", id);
  return InTransaction(pool_, [&](pqxx::work& tx) { return FindJob(tx, project_id, id); });
}

absl::StatusOr<JobRecord> JobStore::GetJobById(const std::string& id) {
  return InTransaction(pool_, [&](pqxx::work& tx) { return FindJob(tx, "", id); });
}

absl::StatusOr<Page<JobRecord>> JobStore::ListJobs(const std::string& project_id,
                                                   const PageRequest& page) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<Page<JobRecord>> {
    const pqxx::result rows = tx.exec_prepared("job_list", project_id, page.token, page.size + 1);
    return PageOf<JobRecord>(rows, page.size, ReadJob, [](const JobRecord& job) { return job.id; });
  });
}

absl::StatusOr<JobRecord> JobStore::CancelJob(const std::string& project_id,
                                              const std::string& id) {
  if (project_id.empty()) return NotFound("job", id);
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<JobRecord> {
    TW_RETURN_IF_ERROR(FindJob(tx, project_id, id).status());
    tx.exec_prepared("task_open_lock", id);  // task before job, as everybody locks
    TW_ASSIGN_OR_RETURN(LockedJob job, LockJob(tx, id));
    const bool running = job.position.state == JobState::kRunning;
    TW_RETURN_IF_ERROR(
        MoveJob(tx, job, JobTrigger::kCancel, std::nullopt, "the job was cancelled"));
    if (!running) tx.exec_prepared("task_cancel_open", id);
    if (running && !job.cancel_requested) {
      tx.exec_prepared("job_request_cancel", id);
      AddEvent(tx, id,
               {kLevelInfo, kEventMessage,
                "cancellation was requested; the worker stops at its next step"});
    }
    NotifyJob(tx, id);
    return FindJob(tx, project_id, id);
  });
}

absl::StatusOr<std::vector<EventRecord>> JobStore::ListEvents(const std::string& job_id,
                                                              int64_t after_seq, int limit) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<std::vector<EventRecord>> {
    std::vector<EventRecord> events;
    for (const auto& row : tx.exec_prepared("event_list", job_id, after_seq, limit)) {
      events.push_back({row[0].c_str(),
                        row[1].as<int64_t>(),
                        TimeOf(row[2]),
                        {row[3].c_str(), row[4].c_str(), row[5].c_str(), JsonOf(row[6])}});
    }
    return events;
  });
}

absl::StatusOr<std::vector<StepMetricsRecord>> JobStore::ListMetrics(const std::string& job_id,
                                                                     int64_t after_step,
                                                                     int limit) {
  return InTransaction(
      pool_, [&](pqxx::work& tx) -> absl::StatusOr<std::vector<StepMetricsRecord>> {
        std::vector<StepMetricsRecord> metrics;
        for (const auto& row : tx.exec_prepared("metric_list", job_id, after_step, limit)) {
          metrics.push_back({row[0].as<int64_t>(), JsonOf(row[1])});
        }
        return metrics;
      });
}

absl::StatusOr<PlanRecord> JobStore::GetPlan(const std::string& job_id) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<PlanRecord> {
    const pqxx::result rows = tx.exec_prepared("plan_get", job_id);
    if (rows.empty()) return NotFound("plan of job", job_id);
    return PlanRecord{rows[0][0].c_str(), DigestOf(rows[0][1]), JsonOf(rows[0][2])};
  });
}

absl::StatusOr<std::vector<CheckpointRecord>> JobStore::ListCheckpoints(const std::string& job_id) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<std::vector<CheckpointRecord>> {
    std::vector<CheckpointRecord> list;
    for (const auto& row : tx.exec_prepared("checkpoint_list", job_id)) {
      list.push_back({row[0].c_str(), row[1].as<int64_t>(), DigestOf(row[2]), row[3].as<int64_t>(),
                      TimeOf(row[4])});
    }
    return list;
  });
}

}  // namespace tuneward
