// This process's row in `workers` (contracts.md D12): a new random id at each start, its address,
// roles and the base models it can load, which are all that are registered. SignOfLife is called by
// the lease keeper's thread; the rest by the app.
#pragma once

#include <mutex>
#include <string>

#include "core/base/status.h"
#include "core/store/pg/base_model_store.h"
#include "core/store/pg/worker_store.h"

namespace tuneward {

class WorkerRegistry {
 public:
  // `worker` holds everything but the bases.
  WorkerRegistry(WorkerStore& workers, BaseModelStore& bases, WorkerRecord worker)
      : workers_(workers), bases_(bases), worker_(std::move(worker)) {}

  absl::Status Register();
  // Also tells of base models that were registered since.
  absl::Status SignOfLife();
  // No new chats from now on.
  absl::Status StartDraining();
  absl::Status Leave();

 private:
  absl::StatusOr<bool> RefreshBases();  // whether they have changed

  WorkerStore& workers_;
  BaseModelStore& bases_;
  std::mutex mutex_;
  WorkerRecord worker_;
  bool left_ = false;
};

}  // namespace tuneward
