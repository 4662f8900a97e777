// Keeps the running tasks' leases (contracts.md D4) and the worker's own sign of life from one
// thread with its own database connection, so that no step of training can delay them. Hold and
// Release are called by the runner's thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/store/pg/task_store.h"
#include "worker/runner/task_control.h"

namespace tuneward {

struct KeeperSettings {
  LeaseSettings lease;
  std::chrono::milliseconds margin{
      5000};  // stop this long before the database may give the task away
  std::chrono::milliseconds retry{1000};  // after a heartbeat without an answer
};

// INVALID_ARGUMENT unless heartbeat and margin fit into the TTL.
absl::Status CheckKeeperSettings(const KeeperSettings& settings);

class LeaseKeeper {
 public:
  struct Calls {
    // ABORTED: the lease is lost. Any other error: no answer, tried again.
    std::function<absl::StatusOr<HeartbeatReply>(const TaskLease& lease, const Json& progress)>
        renew;
    std::function<absl::Status()> worker_alive;
  };
  LeaseKeeper(KeeperSettings settings, const Clock& clock, Calls calls);
  ~LeaseKeeper();  // joins the thread

  void Start();
  // `asked_at`: monotonic time before the claim was sent.
  std::shared_ptr<TaskControl> Hold(const TaskLease& lease, Clock::MonoTime asked_at);
  void Release(const TaskLease& lease);
  // Asks the running tasks, if any, to stop.
  void StopTasks(StopReason reason);

  // One round; returns how long to wait for the next. The thread's body.
  std::chrono::milliseconds Beat();

 private:
  struct Held {
    TaskLease lease;
    std::shared_ptr<TaskControl> control;
    OwnedLogFields
        log_fields;  // of the runner's thread: the keeper's lines are about the same task
  };
  bool RenewLeases();  // false: one had no answer
  bool RenewLease(const Held& held);
  std::vector<Held>::iterator Find(const TaskLease& lease);  // under the mutex
  void Loop();

  const KeeperSettings settings_;
  const Clock& clock_;
  const Calls calls_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Held> held_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tuneward
