// Writes of a task that must not be lost to a short absence of the database: tried again for as
// long as the lease is known to be held. The stores make repeating safe (a lost COMMIT reply is
// settled by the fence).
#pragma once

#include <chrono>
#include <thread>

#include "core/base/status.h"
#include "worker/runner/task_control.h"

namespace tuneward {

template <typename Write>
absl::Status WriteWhileHeld(const TaskControl& control, Write write) {
  for (;;) {
    const absl::Status status = write();
    if (!absl::IsUnavailable(status) || control.stop_reason() == StopReason::kLeaseLost)
      return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
}

}  // namespace tuneward
