#include "worker/tasks/job_inputs.h"

#include <algorithm>
#include <memory>

namespace tuneward {
namespace {

Manifest MakeManifest(const JobInputs& inputs, const ResolvedHyperparameters& resolved) {
  Manifest manifest;
  manifest.base_tree = inputs.base.tree_sha256.Hex();
  manifest.file_sha = inputs.file.sha256.Hex();
  manifest.plan_sha = inputs.plan_sha.Hex();
  for (const DroppedLine& dropped : inputs.plan.dropped)
    manifest.dropped_lines.push_back(dropped.line);
  std::sort(manifest.dropped_lines.begin(), manifest.dropped_lines.end());
  manifest.chat_template = inputs.base.chat_template;
  manifest.max_tokens = resolved.max_tokens;
  manifest.on_overlong = inputs.policy.on_overlong;
  manifest.hyperparameters = resolved;
  manifest.engine_mode = inputs.job.engine_mode;
  return manifest;
}

}  // namespace

absl::StatusOr<JobInputs> LoadJobInputs(TaskServices& services, const std::string& job_id) {
  JobInputs inputs;
  TW_ASSIGN_OR_RETURN(inputs.job, services.jobs.GetJobById(job_id));
  const JobRecord& job = inputs.job;
  TW_ASSIGN_OR_RETURN(inputs.spec, JobSpec::FromJson(job.spec));
  TW_ASSIGN_OR_RETURN(const ResolvedHyperparameters resolved,
                      ResolvedHyperparameters::FromJson(job.resolved));
  TW_ASSIGN_OR_RETURN(inputs.base, services.bases.Get(job.base_model_id));
  TW_ASSIGN_OR_RETURN(inputs.file,
                      services.files.GetFile(job.project_id, inputs.spec.training_file));
  TW_ASSIGN_OR_RETURN(const PolicyRecord policy,
                      services.policies.Get(job.policy_id, job.policy_version));
  TW_ASSIGN_OR_RETURN(inputs.policy,
                      PolicyFromJson(policy.document, policy.id, static_cast<int>(policy.version)));
  if (!job.plan_sha256) return absl::InternalError("job " + job_id + " has no plan");
  inputs.plan_sha = *job.plan_sha256;
  TW_ASSIGN_OR_RETURN(const std::string plan_text, services.blobs.Read(inputs.plan_sha));
  TW_ASSIGN_OR_RETURN(inputs.plan, MixPlan::Parse(plan_text));
  inputs.manifest = MakeManifest(inputs, resolved);
  return inputs;
}

absl::StatusOr<std::vector<NumberedChat>> ReadDatasetBlob(const BlobStore& blobs,
                                                          const Digest& sha256) {
  TW_ASSIGN_OR_RETURN(const std::string bytes, blobs.Read(sha256));
  return ReadDataset(bytes);
}

absl::StatusOr<MaterializedRows> PrepareRows(const JobInputs& inputs,
                                             const std::vector<NumberedChat>& user,
                                             const Tokenizer& tokenizer) {
  const Manifest& manifest = inputs.manifest;
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<ChatTemplate> chat_template,
                      MakeChatTemplate(manifest.chat_template, tokenizer));
  MaterializeOptions options;
  options.max_tokens = static_cast<int>(manifest.max_tokens);
  options.mixed_max_tokens = static_cast<int>(inputs.base.context);
  options.on_overlong = manifest.on_overlong;
  options.dropped_lines.insert(manifest.dropped_lines.begin(), manifest.dropped_lines.end());
  options.unknown_id = tokenizer.unknown_id();
  return Materialize(user, inputs.plan.Chats(), *chat_template, options);
}

absl::StatusOr<TrainSpec> TrainSpecOf(const ResolvedHyperparameters& resolved,
                                      int checkpoint_every) {
  TrainSpec spec;
  spec.epochs = static_cast<int>(resolved.epochs);
  spec.batch_size = static_cast<int>(resolved.batch_size);
  spec.learning_rate = resolved.learning_rate;
  if (resolved.schedule == "cosine") {
    spec.schedule = Schedule::kCosine;
  } else if (resolved.schedule == "constant") {
    spec.schedule = Schedule::kConstant;
  } else {
    return absl::InvalidArgumentError("manifest: schedule '" + resolved.schedule +
                                      "' is none of cosine, constant");
  }
  spec.warmup_steps = static_cast<int>(resolved.warmup_steps);
  spec.seed = resolved.seed;
  spec.lora = LoraSpec{static_cast<int>(resolved.lora_rank), resolved.lora_alpha,
                       resolved.lora_dropout, resolved.lora_targets};
  spec.checkpoint_every = checkpoint_every;
  return spec;
}

}  // namespace tuneward
