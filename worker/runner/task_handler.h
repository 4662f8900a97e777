// One kind of task: how it is done, and what becomes of its job when it cannot be done. Called on
// the models' thread.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "core/base/log.h"
#include "core/base/status.h"
#include "core/store/pg/task_store.h"
#include "worker/runner/task_control.h"

namespace tuneward {

// What every log line about a task says of it.
OwnedLogFields FieldsOf(const ClaimedTask& task);

// A task and the word of the rest of the worker to it; borrowed.
struct HeldTask {
  const ClaimedTask* task = nullptr;
  TaskControl* control = nullptr;
};

class TaskHandler {
 public:
  virtual ~TaskHandler() = default;
  virtual TaskKind kind() const = 0;

  // Does the task and writes its end under the lease. Looks at `control` at every step; once it
  // says stop, returns any error soon and the runner does what the reason asks for. UNAVAILABLE:
  // the task goes back to the queue, as nobody's fault.
  virtual absl::Status Run(const ClaimedTask& task, TaskControl& control) = 0;

  // How many tasks RunTogether may be given; 1: this kind runs alone.
  virtual size_t max_together() const { return 1; }
  // Tasks that were claimed to be done together. `on_end` is called once for each, as soon as it
  // has ended, with what Run would have returned; no two controls say the same, and a task that
  // stops or fails leaves the others.
  using OnTaskEnd = std::function<void(size_t task, const absl::Status& status)>;
  virtual void RunTogether(std::span<const HeldTask> tasks, const OnTaskEnd& on_end) {
    for (size_t i = 0; i < tasks.size(); ++i) on_end(i, Run(*tasks[i].task, *tasks[i].control));
  }

  // Any other error is for ever (user errors are never retried): writes the job's end.
  virtual absl::Status Fail(const ClaimedTask& task, const absl::Status& why) = 0;
};

}  // namespace tuneward
