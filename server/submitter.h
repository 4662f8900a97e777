// Turns a job specification into a job: everything that can be checked is checked here, before
// anything is stored; the rest (planning) is a task. gRPC's CreateJob is its one caller; REST will
// be the second. Thread-safe.
#pragma once

#include <string>

#include "core/base/ids.h"
#include "core/base/status.h"
#include "core/job/job_spec.h"
#include "core/store/pg/base_model_store.h"
#include "core/store/pg/file_store.h"
#include "core/store/pg/job_store.h"
#include "core/store/pg/policy_store.h"
#include "core/store/pg/project_store.h"

namespace tuneward {

class Submitter {
 public:
  struct Stores {
    ProjectStore& projects;
    PolicyStore& policies;
    FileStore& files;
    BaseModelStore& bases;
    JobStore& jobs;
  };
  Submitter(Stores stores, IdGenerator& ids, EntropySource& entropy)
      : stores_(stores), ids_(ids), entropy_(entropy) {}

  // The new job, or the first one of the same request. `trace_id`: the call's, kept with the job.
  // Errors: proto/tuneward/v1/fine_tuning.proto, CreateJob.
  absl::StatusOr<JobRecord> CreateJob(const std::string& project_id, JobSpec spec,
                                      const Idempotency& idempotency, const std::string& trace_id);

 private:
  Stores stores_;
  IdGenerator& ids_;
  EntropySource& entropy_;
};

}  // namespace tuneward
