// A worker whose every move is made by the test: the real claim loop, lease keeper and stores over
// the real database, with a clock that stands still unless it is told to move, and a training that
// is nothing but its writes. It stops before each write until it is given a turn, so that anything
// may happen between what it knows and what it does. One thread of its own; the methods are called
// by the test's.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <prometheus/registry.h>

#include "core/base/clock.h"
#include "core/store/pg/task_store.h"
#include "core/store/pg/transition_store.h"
#include "worker/runner/lease_keeper.h"
#include "worker/runner/task_runner.h"

namespace tuneward {

// Hands the right to run back and forth between the test and one thread.
class Baton {
 public:
  // `free`: the thread never waits.
  explicit Baton(bool free) : free_(free) {}
  void Pass();   // the test: the thread runs until its next Take
  bool Take();   // the thread: waits for its turn; false: closed
  void Close();  // the test: the thread is not stopped any more

 private:
  const bool free_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool threads_turn_ = false, closed_ = false, waiting_ = false;
};

struct SimStyle {
  bool free_running = false;
  bool stubborn = false;  // goes on writing after it was told that its lease is lost
  bool fails = false;     // ends its training with an error
  int steps = 2;          // each with metrics and a checkpoint
};

class SimWorker final : private TaskHandler {
 public:
  SimWorker(const std::string& name, const SimStyle& style, TaskStore& tasks,
            TransitionStore& transitions);
  ~SimWorker() override;  // lets the thread end and joins it

  void Step() { baton_.Pass(); }  // up to its next write, or its next claim
  void Beat() { keeper_.Beat(); }
  void Advance(std::chrono::microseconds by) { clock_.Advance(by); }
  void Finish();  // as the destructor

  std::optional<TaskLease> lease() const;  // that it believes to hold
  int adapters_stored() const { return adapters_stored_; }

 private:
  TaskKind kind() const override { return TaskKind::kTrain; }
  absl::Status Run(const ClaimedTask& task, TaskControl& control) override;
  absl::Status Fail(const ClaimedTask& task, const absl::Status& why) override;
  absl::Status Train(const ClaimedTask& task, const TaskControl& control);
  absl::Status StoreAdapter(const ClaimedTask& task);

  const SimStyle style_;
  TransitionStore& transitions_;
  FakeClock clock_;
  prometheus::Registry registry_;
  WorkerMetrics metrics_{registry_};
  DecodeQueue decode_;
  LeaseKeeper keeper_;
  TaskRunner runner_;
  Baton baton_;
  mutable std::mutex mutex_;
  std::optional<TaskLease> lease_;  // under mutex
  std::atomic<int> adapters_stored_{0};
  std::thread thread_;
};

// What a training of that lease stores.
std::string CheckpointText(int64_t fence, int64_t step);
std::string AdapterText(int64_t fence);

}  // namespace tuneward
