#include "worker/runner/worker_registry.h"

#include <vector>

namespace tuneward {

absl::StatusOr<bool> WorkerRegistry::RefreshBases() {
  TW_ASSIGN_OR_RETURN(const std::vector<BaseModelRecord> records, bases_.List());
  std::vector<std::string> bases;
  for (const BaseModelRecord& record : records) {
    if (record.state == "active") bases.push_back(record.id);
  }
  if (bases == worker_.bases) return false;
  worker_.bases = std::move(bases);
  return true;
}

absl::Status WorkerRegistry::Register() {
  std::lock_guard lock(mutex_);
  TW_RETURN_IF_ERROR(RefreshBases().status());
  return workers_.Register(worker_);
}

absl::Status WorkerRegistry::SignOfLife() {
  std::lock_guard lock(mutex_);
  if (left_) return absl::OkStatus();
  TW_ASSIGN_OR_RETURN(const bool changed, RefreshBases());
  if (!changed) {
    const absl::Status touched = workers_.Touch(worker_.id, worker_.state);
    if (!absl::IsNotFound(touched))
      return touched;  // else somebody has tidied this worker away: come back
  }
  return workers_.Register(worker_);
}

absl::Status WorkerRegistry::StartDraining() {
  std::lock_guard lock(mutex_);
  worker_.state = "draining";
  return workers_.Touch(worker_.id, worker_.state);
}

absl::Status WorkerRegistry::Leave() {
  std::lock_guard lock(mutex_);
  left_ = true;
  return workers_.Remove(worker_.id);
}

}  // namespace tuneward
