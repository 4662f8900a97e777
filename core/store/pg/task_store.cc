#include "core/store/pg/task_store.h"

#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "core/store/pg/conversions.h"
#include "core/store/pg/fenced.h"
#include "core/store/pg/job_rows.h"
#include "core/store/pg/transaction.h"

namespace tuneward {
namespace {

constexpr char kAuditIncomplete[] = "audit incomplete: its workers died three times";

// Rows 13 and 14, and row 6 for plans, when a task has killed its last worker.
absl::Status EndPoisonedJob(pqxx::work& tx, LockedJob& job, const SweptTask& task) {
  const JobError error{"worker_died", "",
                       absl::StrCat("the ", std::string(Name(task.kind)), " task lost its worker ",
                                    task.deaths, " times and was stopped")};
  if (task.kind == TaskKind::kPlan) return MoveJob(tx, job, JobTrigger::kPlanFailed, error);
  if (task.kind != TaskKind::kAudit) return MoveJob(tx, job, JobTrigger::kTrainingFailed, error);
  TW_RETURN_IF_ERROR(Next(job.position, JobTrigger::kAuditIncomplete).status());
  const pqxx::result models = tx.exec_prepared("model_get_by_job", job.id);
  if (!models.empty()) {
    const ReleaseStep held{Release::kHeld, {kAuditIncomplete}, "sweep", ReleaseActor::kGate, 0, ""};
    TW_RETURN_IF_ERROR(TakeReleaseStep(tx, ReadModel(models[0]), held));
  }
  return MoveJob(tx, job, JobTrigger::kAuditIncomplete);
}

absl::Status TellOfLostWorker(pqxx::work& tx, SweptTask& task) {
  if (task.job_id.empty()) return absl::OkStatus();
  TW_ASSIGN_OR_RETURN(LockedJob job, LockJob(tx, task.job_id));
  task.project_id = job.project_id;
  task.trace_id = job.trace_id;
  const std::string kind(Name(task.kind));
  const char* then = task.state == TaskState::kQueued ? "goes on elsewhere" : "is stopped";
  AddEvent(tx, job.id,
           {kLevelWarn,
            kEventWorkerLost,
            absl::StrCat("the worker of the ", kind, " task was lost; the task ", then),
            {{"task", task.task_id}, {"kind", kind}, {"deaths", task.deaths}}});
  if (task.state == TaskState::kFailed) {
    // A job in a place that D3 does not foresee must not keep every other expired lease from being
    // swept.
    if (const absl::Status status = EndPoisonedJob(tx, job, task); !status.ok()) {
      LogError("a stopped task's job could not be ended",
               {{"job", job.id},
                {"project", job.project_id},
                {"trace_id", job.trace_id},
                {"error", std::string(status.message())}});
    }
  }
  NotifyJob(tx, job.id);
  return absl::OkStatus();
}

absl::StatusOr<ClaimedTask> BeginTask(pqxx::work& tx, const pqxx::row& row) {
  ClaimedTask task;
  task.lease = {row[0].c_str(), row[4].as<int64_t>()};
  task.job_id = row[1].c_str();
  task.kind = Known(ParseTaskKind(row[2].c_str()));
  task.payload = JsonOf(row[3]);
  task.deaths = row[5].as<int>();
  task.interruptions = row[6].as<int>();
  task.project_id = row[7].c_str();
  if (task.job_id.empty()) return task;
  TW_ASSIGN_OR_RETURN(LockedJob job, LockJob(tx, task.job_id));
  task.cancel_requested = job.cancel_requested;
  task.trace_id = job.trace_id;
  if (task.kind == TaskKind::kTrain &&
      job.position.state == JobState::kQueued) {  // else claimed before: row 12
    TW_RETURN_IF_ERROR(MoveJob(tx, job, JobTrigger::kClaimTrain));
    NotifyJob(tx, job.id);
  }
  return task;
}

}  // namespace

absl::StatusOr<std::optional<ClaimedTask>> TaskStore::Claim(const std::string& worker_id,
                                                            const std::vector<TaskKind>& kinds,
                                                            std::chrono::milliseconds ttl,
                                                            bool in_doubt) {
  std::vector<std::string> names;
  for (TaskKind kind : kinds) names.emplace_back(Name(kind));
  const auto claim = [&](const char* statement) {
    return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<std::optional<ClaimedTask>> {
      const pqxx::result rows =
          tx.exec_prepared(statement, worker_id, TextArray(names), Seconds(ttl));
      if (rows.empty()) return std::optional<ClaimedTask>();
      TW_ASSIGN_OR_RETURN(ClaimedTask task, BeginTask(tx, rows[0]));
      return std::optional(std::move(task));
    });
  };
  if (in_doubt) {
    absl::StatusOr<std::optional<ClaimedTask>> held = claim("task_claimed");
    if (!held.ok() || held->has_value()) return held;
  }
  absl::StatusOr<std::optional<ClaimedTask>> task = claim("task_claim");
  return IsCommitInDoubt(task.status()) ? claim("task_claimed") : std::move(task);
}

absl::StatusOr<std::vector<ClaimedTask>> TaskStore::ClaimBeside(const std::string& worker_id,
                                                                const ClaimedTask& task,
                                                                size_t count,
                                                                std::chrono::milliseconds ttl) {
  const auto begin = [](pqxx::work& tx,
                        const pqxx::result& rows) -> absl::StatusOr<std::vector<ClaimedTask>> {
    std::vector<ClaimedTask> claimed;
    for (const auto& row : rows) {
      TW_ASSIGN_OR_RETURN(ClaimedTask one, BeginTask(tx, row));
      claimed.push_back(std::move(one));
    }
    return claimed;
  };
  auto claimed = InTransaction(pool_, [&](pqxx::work& tx) {
    return begin(tx, tx.exec_prepared("task_claim_beside", worker_id, task.lease.task_id,
                                      Seconds(ttl), count));
  });
  if (!IsCommitInDoubt(claimed.status())) return claimed;
  return InTransaction(pool_, [&](pqxx::work& tx) {
    return begin(
        tx, tx.exec_prepared("task_claimed_beside", worker_id, task.lease.task_id, Seconds(ttl)));
  });
}

absl::StatusOr<HeartbeatReply> TaskStore::Heartbeat(const TaskLease& lease,
                                                    std::chrono::milliseconds ttl,
                                                    const Json& progress) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<HeartbeatReply> {
    const pqxx::result rows = tx.exec_prepared("task_heartbeat", lease.task_id, lease.fence,
                                               Seconds(ttl), NullableText(progress));
    if (rows.empty()) return LeaseLost(lease);
    return HeartbeatReply{rows[0][0].as<bool>(), rows[0][1].as<bool>()};
  });
}

absl::StatusOr<std::vector<SweptTask>> TaskStore::Sweep(std::chrono::milliseconds after_start) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<std::vector<SweptTask>> {
    std::vector<SweptTask> swept;
    for (const auto& row : tx.exec_prepared("task_sweep", Seconds(after_start))) {
      swept.push_back({row[0].c_str(), row[1].c_str(), Known(ParseTaskKind(row[2].c_str())),
                       Known(ParseTaskState(row[3].c_str())), row[4].as<int>(), "", ""});
    }
    for (SweptTask& task : swept) TW_RETURN_IF_ERROR(TellOfLostWorker(tx, task));
    return swept;
  });
}

absl::Status TaskStore::Drain(const TaskLease& lease) {
  return RunTransaction(pool_, [&](pqxx::work& tx) {
    const pqxx::result rows = tx.exec_prepared("task_drain", lease.task_id, lease.fence);
    return rows.empty() ? LeaseLost(lease) : absl::OkStatus();
  });
}

absl::StatusOr<TaskRecord> TaskStore::Get(const std::string& task_id) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<TaskRecord> {
    const pqxx::result rows = tx.exec_prepared("task_get", task_id);
    if (rows.empty()) return NotFound("task", task_id);
    const auto& row = rows[0];
    return TaskRecord{row[0].c_str(),          row[1].c_str(),
                      row[2].c_str(),          Known(ParseTaskKind(row[3].c_str())),
                      JsonOf(row[4]),          Known(ParseTaskState(row[5].c_str())),
                      row[6].as<int64_t>(),    row[7].c_str(),
                      row[8].as<int>(),        row[9].as<int>(),
                      JsonOf(row[10]),         TimeOf(row[11]),
                      OptionalTimeOf(row[12]), OptionalTimeOf(row[13]),
                      OptionalTimeOf(row[14])};
  });
}

}  // namespace tuneward
