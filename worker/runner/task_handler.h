// One kind of task: how it is done, and what becomes of its job when it cannot be done. Called on
// the models' thread.
#pragma once

#include <string_view>

#include "core/base/status.h"
#include "core/store/pg/task_store.h"
#include "worker/runner/task_control.h"

namespace tuneward {

class TaskHandler {
 public:
  virtual ~TaskHandler() = default;
  virtual TaskKind kind() const = 0;

  // Does the task and writes its end under the lease. Looks at `control` at every step; once it
  // says stop, returns any error soon and the runner does what the reason asks for. UNAVAILABLE:
  // the task goes back to the queue, as nobody's fault.
  virtual absl::Status Run(const ClaimedTask& task, TaskControl& control) = 0;

  // Any other error is for ever (user errors are never retried): writes the job's end.
  virtual absl::Status Fail(const ClaimedTask& task, const absl::Status& why) = 0;
};

}  // namespace tuneward
