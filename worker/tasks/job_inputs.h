// Everything a task needs to know of its job, read and parsed once: spec, file, policy, plan,
// manifest. Plain values.
#pragma once

#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat_template.h"
#include "core/data/dataset_validator.h"
#include "core/job/job_spec.h"
#include "core/job/manifest.h"
#include "core/policy/mix_plan.h"
#include "core/policy/policy_document.h"
#include "core/store/records.h"
#include "worker/engine/engine.h"
#include "worker/tasks/task_services.h"

namespace tuneward {

struct JobInputs {
  JobRecord job;
  JobSpec spec;
  BaseModelRecord base;
  FileRecord file;
  PolicyDocument policy;
  Digest plan_sha;
  MixPlan plan;
  Manifest manifest;
};

absl::StatusOr<JobInputs> LoadJobInputs(TaskServices& services, const std::string& job_id);

// The rows of a file in the blob store.
absl::StatusOr<std::vector<NumberedChat>> ReadDatasetBlob(const BlobStore& blobs,
                                                          const Digest& sha256);

// Stage PREPARING: the user's rows and the plan's, rendered. Deterministic, so a resumed task makes
// the same rows again and nothing has to be stored (contracts.md A2).
absl::StatusOr<MaterializedRows> PrepareRows(const JobInputs& inputs,
                                             const std::vector<NumberedChat>& user,
                                             const Tokenizer& tokenizer);

// The engine's words for the manifest's hyperparameters.
absl::StatusOr<TrainSpec> TrainSpecOf(const ResolvedHyperparameters& resolved,
                                      int checkpoint_every);

}  // namespace tuneward
