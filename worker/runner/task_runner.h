// The claim loop: takes a task, or several that are done together, runs them on its own thread, the
// models' thread, and settles how each ended. Between tasks it decodes for chats. Polling is the
// truth; Wake is a hint that there may be work.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/store/pg/task_store.h"
#include "core/store/pg/transition_store.h"
#include "worker/runner/lease_keeper.h"
#include "worker/runner/task_handler.h"
#include "worker/runner/worker_metrics.h"
#include "worker/serving/decode_queue.h"

namespace tuneward {

struct RunnerSettings {
  std::string worker_id;
  std::chrono::milliseconds lease_ttl{20000};
  std::chrono::milliseconds poll{1000};
  std::chrono::milliseconds max_back_off{60000};  // after interruptions that follow each other
};

class TaskRunner {
 public:
  struct Parts {  // borrowed
    const Clock& clock;
    TaskStore& tasks;
    TransitionStore& transitions;
    LeaseKeeper& keeper;
    DecodeQueue& decode;
    WorkerMetrics& metrics;
  };
  // `handlers`: the kinds this worker claims; none: it only serves.
  TaskRunner(RunnerSettings settings, Parts parts, std::vector<TaskHandler*> handlers);
  ~TaskRunner();  // Stop

  void Start();
  void Wake() { parts_.decode.Wake(); }
  // Hands the running task back and joins the thread.
  void Stop();

  // Claims and runs one task, if there is one, with those that go together with it; false when
  // there was none. The loop's body.
  bool RunOnce();

 private:
  // A claimed task on its way; its log lines are about it.
  struct Running {
    ClaimedTask task;
    Clock::MonoTime asked_at;
    std::shared_ptr<TaskControl> control;
    bool ended = false;
  };
  void AddBeside(TaskHandler& handler, std::vector<Running>& tasks);
  void Run(TaskHandler& handler, std::vector<Running>& tasks);
  void End(TaskHandler& handler, Running& running, const absl::Status& status);
  // How a task ended, as a metric's label.
  std::string Settle(const ClaimedTask& task, TaskHandler& handler, const TaskControl& control,
                     const absl::Status& status);
  // Of a task whose lease has run out here: true when nobody else had it yet.
  bool HandBack(const ClaimedTask& task);
  TaskHandler* HandlerOf(TaskKind kind) const;
  void Loop();

  const RunnerSettings settings_;
  const Parts parts_;
  const std::vector<TaskHandler*> handlers_;
  std::vector<TaskKind> kinds_;
  std::atomic<bool> stopping_{false};
  bool claim_in_doubt_ = false;            // the last claim had no answer
  bool interrupted_ = false;               // a task of the last claim was
  std::chrono::milliseconds back_off_{0};  // before the next claim
  std::thread thread_;
};

}  // namespace tuneward
