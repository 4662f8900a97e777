// Everything a task needs to know of its job, read and parsed once: spec, file, policy, plan,
// manifest. Plain values.
#pragma once

#include <optional>
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
  std::optional<FileRecord> held_out;  // evaluated while training
  PolicyDocument policy;
  Digest plan_sha;
  MixPlan plan;
  Manifest manifest;
};

absl::StatusOr<JobInputs> LoadJobInputs(TaskServices& services, const std::string& job_id);

// The rows of a file in the blob store.
absl::StatusOr<std::vector<NumberedRow>> ReadDatasetBlob(const BlobStore& blobs,
                                                         const Digest& sha256);

// Stage PREPARING: the user's rows and the plan's, rendered. Deterministic, so a resumed task makes
// the same rows again and nothing has to be stored (contracts.md A2).
absl::StatusOr<MaterializedRows> PrepareRows(const JobInputs& inputs,
                                             const std::vector<NumberedRow>& user,
                                             const Tokenizer& tokenizer);

// The rows of the validation file that are evaluated, rendered: at most 400, drawn by the job's
// seed, no safety rows among them. INVALID_FILE of field validation_file when none can be used.
absl::StatusOr<std::vector<TrainingRow>> PrepareEvalRows(const JobInputs& inputs,
                                                         std::vector<NumberedRow> held_out,
                                                         const Tokenizer& tokenizer);

// The engine's words for the manifest's hyperparameters.
absl::StatusOr<TrainSpec> TrainSpecOf(const ResolvedHyperparameters& resolved,
                                      int checkpoint_every);

}  // namespace tuneward
