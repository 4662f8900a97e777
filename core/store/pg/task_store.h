// The queue and its leases (contracts.md D4). Time is the database's. A lease is (task id, fence):
// every write for a task names both, and a stale one changes nothing (ABORTED LEASE_LOST). Each
// method is one transaction. Thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/store/pg/pool.h"
#include "core/store/records.h"

namespace tuneward {

struct LeaseSettings {
  std::chrono::milliseconds ttl{20000};
  std::chrono::milliseconds heartbeat{5000};
  std::chrono::milliseconds sweep{1000};
};

struct TaskLease {
  std::string task_id;
  int64_t fence = 0;
};

struct ClaimedTask {
  TaskLease lease;
  std::string job_id, project_id;
  TaskKind kind = TaskKind::kPlan;
  Json payload;
  int deaths = 0, interruptions = 0;
  bool cancel_requested = false;  // already: cancel at once (TransitionStore::JobCancelled)
  std::string trace_id;           // the job's
};

struct HeartbeatReply {
  bool cancel_requested = false, pause_requested = false;
};

struct SweptTask {
  std::string task_id, job_id;
  TaskKind kind = TaskKind::kPlan;
  TaskState state = TaskState::kQueued;  // queued again, or failed after kMaxDeaths
  int deaths = 0;
  std::string project_id, trace_id;  // the job's
};

class TaskStore {
 public:
  explicit TaskStore(PgPool& pool) : pool_(pool) {}

  // The next task of those kinds, or none. A train task also moves its job QUEUED ->
  // RUNNING/PREPARING with an event (row 7). A worker holds one task at a time: after a lost COMMIT
  // reply the task that it holds is the one that it has claimed. `in_doubt`: the worker's last
  // claim was UNAVAILABLE and may have been such a one, so this looks first.
  absl::StatusOr<std::optional<ClaimedTask>> Claim(const std::string& worker_id,
                                                   const std::vector<TaskKind>& kinds,
                                                   std::chrono::milliseconds ttl,
                                                   bool in_doubt = false);
  // More tasks of the kind of `task`, which the worker holds, that may be done together with it:
  // their jobs and its own are in shared mode on the same base, and none has lost a worker before
  // (it may be what killed it). At most `count`. The worker holds no other task: after a lost
  // COMMIT reply those that it holds are the ones that it has claimed.
  absl::StatusOr<std::vector<ClaimedTask>> ClaimBeside(const std::string& worker_id,
                                                       const ClaimedTask& task, size_t count,
                                                       std::chrono::milliseconds ttl);
  absl::StatusOr<HeartbeatReply> Heartbeat(const TaskLease& lease, std::chrono::milliseconds ttl,
                                           const Json& progress);
  // Takes expired leases back: event `worker_lost` (row 12), and after kMaxDeaths the job is FAILED
  // `worker_died` (row 13) or, when auditing, SUCCEEDED with its model HELD (row 14). Run by every
  // process each second. Does nothing for the time `after_start` (a TTL) after PostgreSQL has
  // started: while it was away nobody could renew a lease.
  absl::StatusOr<std::vector<SweptTask>> Sweep(
      std::chrono::milliseconds after_start = std::chrono::milliseconds(0));
  // Gives the task back without counting a death (a worker that shuts down).
  absl::Status Drain(const TaskLease& lease);
  absl::StatusOr<TaskRecord> Get(const std::string& task_id);

 private:
  PgPool& pool_;
};

}  // namespace tuneward
