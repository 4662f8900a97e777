// Claims `plan` tasks and carries them out: reads what the job names, asks the policy (core/policy)
// for the plan, stores it as a blob and moves the job on. One thread plans; another renews the
// lease. Any number of servers may run one.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/status.h"
#include "core/policy/mix_plan.h"
#include "core/store/blob/blob_store.h"
#include "core/store/pg/base_model_store.h"
#include "core/store/pg/file_store.h"
#include "core/store/pg/job_store.h"
#include "core/store/pg/task_store.h"
#include "core/store/pg/transition_store.h"
#include "server/base_text.h"
#include "server/periodic.h"
#include "server/policy_cache.h"
#include "server/safety_sets.h"

namespace tuneward {

class Planner {
 public:
  struct Deps {
    TaskStore& tasks;
    TransitionStore& transitions;
    JobStore& jobs;
    FileStore& files;
    PolicyCache& policies;
    BaseModelStore& bases;
    BlobStore& blobs;
    BaseTextCache& texts;
    const SafetySets& sets;
    IdGenerator& ids;
    std::function<void(const std::string& method, int64_t rows)>
        on_planned;                               // metrics; may be null
    std::function<void(double seconds)> on_task;  // metrics; may be null
  };
  Planner(Deps deps, std::string worker_id, LeaseSettings lease);

  // One task, if there is one: true when there was.
  bool RunOne();
  // Plans from now on, until it goes out of scope.
  void Start();
  void Wake();  // a hint that there may be a task

 private:
  struct PlannedJob {
    MixPlan plan;
    Json summary;
  };
  absl::StatusOr<PlannedJob> MakePlan(const JobRecord& job);
  absl::Status Carry(const ClaimedTask& task);

  Deps deps_;
  const std::string worker_id_;
  const LeaseSettings lease_;
  bool claim_in_doubt_ = false;  // the last claim had no answer; the loop's thread
  std::unique_ptr<Periodic> loop_;
};

}  // namespace tuneward
