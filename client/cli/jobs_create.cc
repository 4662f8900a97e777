// `tuneward jobs create`: options of a job, all optional ones left to the provider. Ranges are the
// server's to check: it reports every wrong field at once.
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "client/cli/job_watch.h"
#include "client/cli/jobs_commands.h"
#include "client/cli/output.h"
#include "client/cli/show.h"
#include "client/upload.h"

namespace tuneward::cli {
namespace {

struct CreateOptions {
  v1::CreateJobRequest request;
  std::string base, file, validation_file;
  std::vector<std::string> metadata;
  bool wait = false;
};

// A file's id, or a path, which is uploaded first.
absl::StatusOr<std::string> FileOrUpload(Context& context, const std::string& given) {
  if (given.rfind("file-", 0) == 0 || given.rfind("projects/", 0) == 0)
    return context.FileName(given);
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  TW_ASSIGN_OR_RETURN(const std::string parent, context.Project());
  TW_ASSIGN_OR_RETURN(const v1::File file, client::UploadFile(*client, {parent, given, ""}));
  if (!context.json)
    context.err() << fmt::format("uploaded {} as {}\n", given, ShortName(file.name()));
  return file.name();
}

absl::Status FillRequest(Context& context, CreateOptions& options) {
  v1::Job& job = *options.request.mutable_job();
  TW_ASSIGN_OR_RETURN(*options.request.mutable_parent(), context.Project());
  TW_ASSIGN_OR_RETURN(*job.mutable_base_model(), context.ModelName(options.base));
  for (const std::string& pair : options.metadata) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError(
          fmt::format("--metadata must be key=value, got '{}'", pair));
    }
    (*job.mutable_metadata())[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  TW_ASSIGN_OR_RETURN(*job.mutable_training_file(), FileOrUpload(context, options.file));
  if (!options.validation_file.empty()) {
    TW_ASSIGN_OR_RETURN(*job.mutable_validation_file(),
                        FileOrUpload(context, options.validation_file));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Create(Context& context, CreateOptions& options) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  if (options.request.request_id().empty()) options.request.set_request_id(client->NewRequestId());
  TW_RETURN_IF_ERROR(FillRequest(context, options));
  TW_ASSIGN_OR_RETURN(v1::Job job,
                      client->Call(client->jobs(), &v1::FineTuningService::StubInterface::CreateJob,
                                   options.request));
  if (options.wait) {
    if (!context.json) context.err() << "created " << ShortName(job.name()) << '\n';
    TW_ASSIGN_OR_RETURN(job, FollowJob(context, job.name(), 0, /*json_updates=*/false));
  }
  if (context.json) {
    context.out() << JsonText(job);
  } else {
    ShowJob(context.out(), job);
    if (options.wait && job.state() == v1::JOB_STATE_SUCCEEDED) {
      TW_RETURN_IF_ERROR(PrintAuditOf(context, job.name()));
    }
  }
  return options.wait ? ExitCodeOfJob(job) : ExitCode::kOk;
}

void AddHyperparameters(CLI::App& command, v1::Hyperparameters& h) {
  const auto add_int = [&](const std::string& flag, const std::string& help,
                           void (v1::Hyperparameters::*set)(int32_t)) {
    command
        .add_option_function<int32_t>(
            flag, [&h, set](int32_t value) { (h.*set)(value); }, help)
        ->group("Training");
  };
  const auto add_double = [&](const std::string& flag, const std::string& help,
                              void (v1::Hyperparameters::*set)(double)) {
    command
        .add_option_function<double>(
            flag, [&h, set](double value) { (h.*set)(value); }, help)
        ->group("Training");
  };
  add_int("--epochs", "passes over the data [auto]", &v1::Hyperparameters::set_epochs);
  add_int("--batch-size", "rows per optimiser step [auto]", &v1::Hyperparameters::set_batch_size);
  add_double("--learning-rate-multiplier", "of the base model's own rate [1]",
             &v1::Hyperparameters::set_learning_rate_multiplier);
  add_int("--warmup-steps", "[0]", &v1::Hyperparameters::set_warmup_steps);
  add_double("--warmup-ratio", "the same as a share of all steps [0]",
             &v1::Hyperparameters::set_warmup_ratio);
  add_int("--eval-every", "steps between losses of the validation file [about an epoch]",
          &v1::Hyperparameters::set_eval_every);
  add_int("--patience", "stop after so many of them without a lower one, and keep the best [never]",
          &v1::Hyperparameters::set_patience);
  add_int("--max-tokens", "longest row [the base's context]", &v1::Hyperparameters::set_max_tokens);
  add_int("--lora-rank", "[16]", &v1::Hyperparameters::set_lora_rank);
  add_double("--lora-alpha", "[32]", &v1::Hyperparameters::set_lora_alpha);
  add_double("--lora-dropout", "[0]", &v1::Hyperparameters::set_lora_dropout);
  add_double("--beta", "of method dpo: larger stays nearer to the base [0.1]",
             &v1::Hyperparameters::set_beta);
  command
      .add_option_function<std::vector<std::string>>(
          "--lora-targets",
          [&h](const std::vector<std::string>& targets) {
            for (const std::string& target : targets) h.add_lora_targets(target);
          },
          "linears that get an adapter, separated by commas [all seven]")
      ->delimiter(',')
      ->group("Training");
  command
      .add_option_function<std::string>(
          "--schedule",
          [&h](const std::string& word) {
            h.set_schedule(word == "cosine"   ? v1::LEARNING_RATE_SCHEDULE_COSINE
                           : word == "linear" ? v1::LEARNING_RATE_SCHEDULE_LINEAR
                                              : v1::LEARNING_RATE_SCHEDULE_CONSTANT);
          },
          "of the learning rate [cosine]")
      ->check(CLI::IsMember({"cosine", "constant", "linear"}))
      ->group("Training");
}

void AddMethod(CLI::App& command, v1::Job& job) {
  command
      .add_option_function<std::string>(
          "--method",
          [&job](const std::string& word) {
            job.set_method(word == "dpo" ? v1::TRAINING_METHOD_DPO
                                         : v1::TRAINING_METHOD_SUPERVISED);
          },
          "supervised, of a file of chats, or dpo, of a file of preferences [supervised]")
      ->check(CLI::IsMember({"supervised", "dpo"}))
      ->group("Training");
}

void AddSafety(CLI::App& command, v1::SafetyOptions& s) {
  command
      .add_option_function<std::string>(
          "--mix-method", [&s](const std::string& value) { s.set_mix_method(value); },
          "none, base, longest, paraphrase; within the project's policy [the policy's default]")
      ->group("Safety");
  const auto add_ppm = [&](const std::string& flag, const std::string& help,
                           void (v1::SafetyOptions::*set)(int32_t)) {
    command
        .add_option_function<int32_t>(
            flag, [&s, set](int32_t value) { (s.*set)(value); }, help)
        ->group("Safety");
  };
  add_ppm("--refusals-ppm", "refusals of harmful requests, parts per million",
          &v1::SafetyOptions::set_refusals_ppm);
  add_ppm("--lookalikes-ppm", "helpful answers to safe look-alikes, parts per million",
          &v1::SafetyOptions::set_lookalikes_ppm);
  add_ppm("--benign-ppm", "plain helpful answers, parts per million",
          &v1::SafetyOptions::set_benign_ppm);
  command
      .add_option_function<std::string>(
          "--audit-profile", [&s](const std::string& value) { s.set_audit_profile(value); },
          "quick or standard [the policy's default]")
      ->group("Safety");
}

}  // namespace

void AddJobsCreate(CLI::App& jobs, Context& context) {
  auto options = std::make_shared<CreateOptions>();
  v1::Job& job = *options->request.mutable_job();
  CLI::App* create = jobs.add_subcommand("create", "start a fine-tuning job");
  create->add_option("--base", options->base, "base model")->required();
  create
      ->add_option("--file", options->file,
                   "training data: file-..., or a path, which is uploaded first")
      ->required();
  create->add_option("--validation-file", options->validation_file, "held-out data, likewise");
  create->add_option_function<std::string>(
      "--suffix", [&job](const std::string& value) { job.set_suffix(value); },
      "part of the tuned model's id");
  create->add_option_function<int64_t>(
      "--seed", [&job](int64_t value) { job.set_seed(value); },
      "same seed and inputs, same model [drawn]");
  create
      ->add_option_function<std::string>(
          "--engine-mode",
          [&job](const std::string& word) {
            job.set_engine_mode(word == "shared" ? v1::ENGINE_MODE_SHARED
                                                 : v1::ENGINE_MODE_ISOLATED);
          },
          "shared: may train step by step with other such jobs; not repeatable bit for bit "
          "[isolated]")
      ->check(CLI::IsMember({"isolated", "shared"}));
  create->add_option("--metadata", options->metadata, "key=value, up to 16");
  create->add_option_function<std::string>(
      "--request-id",
      [options_ptr = options.get()](const std::string& id) {
        options_ptr->request.set_request_id(id);
      },
      "repeating a create with the same id makes one job [drawn]");
  create->add_flag("--wait", options->wait,
                   "follow the job to its end and print its audit; status 1 when it fails");
  AddMethod(*create, job);
  AddHyperparameters(*create, *job.mutable_hyperparameters());
  AddSafety(*create, *job.mutable_safety());
  create->callback([&context, options] {
    context.action = [&context, options] { return Create(context, *options); };
  });
}

}  // namespace tuneward::cli
