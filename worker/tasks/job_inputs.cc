#include "worker/tasks/job_inputs.h"

#include <algorithm>
#include <memory>

#include "core/base/random.h"

namespace tuneward {
namespace {

constexpr size_t kMaxEvalRows = 400;

Manifest MakeManifest(const JobInputs& inputs, const ResolvedHyperparameters& resolved) {
  Manifest manifest;
  manifest.base_tree = inputs.base.tree_sha256.Hex();
  manifest.file_sha = inputs.file.sha256.Hex();
  manifest.plan_sha = inputs.plan_sha.Hex();
  if (inputs.held_out) manifest.validation_sha = inputs.held_out->sha256.Hex();
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

MaterializeOptions OptionsOf(const JobInputs& inputs, const Tokenizer& tokenizer) {
  MaterializeOptions options;
  options.max_tokens = static_cast<int>(inputs.manifest.max_tokens);
  options.mixed_max_tokens = static_cast<int>(inputs.base.context);
  options.on_overlong = inputs.manifest.on_overlong;
  options.unknown_id = tokenizer.unknown_id();
  return options;
}

// `count` rows in file order.
std::vector<NumberedRow> Draw(std::vector<NumberedRow> rows, size_t count, uint64_t seed) {
  if (rows.size() <= count) return rows;
  std::vector<int64_t> order =
      RandomStream(seed, "eval/rows").Permutation(static_cast<int64_t>(rows.size()));
  order.resize(count);
  std::sort(order.begin(), order.end());
  std::vector<NumberedRow> drawn;
  for (const int64_t index : order) drawn.push_back(std::move(rows[static_cast<size_t>(index)]));
  return drawn;
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
  if (resolved.eval_every > 0) {
    TW_ASSIGN_OR_RETURN(inputs.held_out,
                        services.files.GetFile(job.project_id, inputs.spec.validation_file));
  }
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

absl::StatusOr<std::vector<NumberedRow>> ReadDatasetBlob(const BlobStore& blobs,
                                                         const Digest& sha256) {
  TW_ASSIGN_OR_RETURN(const std::string bytes, blobs.Read(sha256));
  return ReadDataset(bytes);
}

absl::StatusOr<MaterializedRows> PrepareRows(const JobInputs& inputs,
                                             const std::vector<NumberedRow>& user,
                                             const Tokenizer& tokenizer) {
  const Manifest& manifest = inputs.manifest;
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<ChatTemplate> chat_template,
                      MakeChatTemplate(manifest.chat_template, tokenizer));
  MaterializeOptions options = OptionsOf(inputs, tokenizer);
  options.dropped_lines.insert(manifest.dropped_lines.begin(), manifest.dropped_lines.end());
  return Materialize(user, inputs.plan.Chats(), *chat_template, options);
}

absl::StatusOr<std::vector<TrainingRow>> PrepareEvalRows(const JobInputs& inputs,
                                                         std::vector<NumberedRow> held_out,
                                                         const Tokenizer& tokenizer) {
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<ChatTemplate> chat_template,
                      MakeChatTemplate(inputs.manifest.chat_template, tokenizer));
  const auto rows = Draw(std::move(held_out), kMaxEvalRows, inputs.manifest.hyperparameters.seed);
  absl::StatusOr<MaterializedRows> made =
      Materialize(rows, {}, *chat_template, OptionsOf(inputs, tokenizer));
  if (!made.ok())
    return MakeError(
        absl::StatusCode::kInvalidArgument, "INVALID_FILE",
        "the validation file cannot be evaluated: " + std::string(made.status().message()),
        {{"field", "validation_file"}});
  return std::move(made->rows);
}

absl::StatusOr<TrainSpec> TrainSpecOf(const ResolvedHyperparameters& resolved,
                                      int checkpoint_every) {
  TrainSpec spec;
  if (resolved.method == kMethodDpo) {
    spec.method = Method::kDpo;
    spec.dpo_beta = resolved.beta;
  }
  spec.epochs = static_cast<int>(resolved.epochs);
  spec.batch_size = static_cast<int>(resolved.batch_size);
  spec.learning_rate = resolved.learning_rate;
  if (resolved.schedule == "cosine") {
    spec.schedule = Schedule::kCosine;
  } else if (resolved.schedule == "constant") {
    spec.schedule = Schedule::kConstant;
  } else if (resolved.schedule == "linear") {
    spec.schedule = Schedule::kLinear;
  } else {
    return absl::InvalidArgumentError("manifest: schedule '" + resolved.schedule +
                                      "' is none of cosine, constant, linear");
  }
  spec.warmup_steps = static_cast<int>(resolved.warmup_steps);
  spec.warmup_ratio = resolved.warmup_ratio;
  spec.eval_every = static_cast<int>(std::min<int64_t>(resolved.eval_every, 1 << 30));
  spec.patience = static_cast<int>(resolved.patience);
  spec.seed = resolved.seed;
  spec.lora = LoraSpec{static_cast<int>(resolved.lora_rank), resolved.lora_alpha,
                       resolved.lora_dropout, resolved.lora_targets};
  spec.checkpoint_every = checkpoint_every;
  return spec;
}

}  // namespace tuneward
