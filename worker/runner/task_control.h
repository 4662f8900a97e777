// What the rest of the worker says to the task that runs: stop, and why; how long the lease is
// known to last. The task's thread asks at every step or batch, the lease keeper and the runner
// write. Thread-safe.
#pragma once

#include <mutex>
#include <string>

#include "core/base/clock.h"
#include "core/base/json.h"

namespace tuneward {

// Later ones win: a lost lease forbids what a cancel would still write.
enum class StopReason { kNone = 0, kDrain = 1, kCancel = 2, kLeaseLost = 3 };

class TaskControl {
 public:
  // `lease_deadline`: the last moment at which this process may believe that it holds the task.
  TaskControl(const Clock& clock, Clock::MonoTime lease_deadline)
      : clock_(clock), lease_deadline_(lease_deadline) {}

  // The deadline is looked at here, not by the keeper's thread: that thread may hang in a call to
  // the database. A lease that ran out stays lost, even if a late answer says otherwise.
  StopReason stop_reason() const {
    std::lock_guard lock(mutex_);
    if (clock_.Monotonic() >= lease_deadline_) stop_reason_ = StopReason::kLeaseLost;
    return stop_reason_;
  }
  bool ShouldStop() const { return stop_reason() != StopReason::kNone; }

  void RequestStop(StopReason reason) {
    std::lock_guard lock(mutex_);
    if (reason > stop_reason_) stop_reason_ = reason;
  }
  void ExtendLease(Clock::MonoTime deadline) {
    std::lock_guard lock(mutex_);
    if (deadline > lease_deadline_) lease_deadline_ = deadline;
  }

  // Small JSON that heartbeats carry into tasks.progress (step, total steps, loss; batches done).
  void SetProgress(Json progress) {
    std::lock_guard lock(mutex_);
    progress_ = std::move(progress);
  }
  Json progress() const {
    std::lock_guard lock(mutex_);
    return progress_;
  }

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  Clock::MonoTime lease_deadline_;
  mutable StopReason stop_reason_ = StopReason::kNone;
  Json progress_ = Json::object();
};

}  // namespace tuneward
