// `tuneward admin projects|keys|workers|base-models|policies|release`: operators' calls, on their
// own port and key.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/output.h"
#include "client/cli/show.h"
#include "client/cli/table.h"
#include "core/base/file.h"

namespace tuneward::cli {
namespace {

namespace av1 = admin::v1;

CLI::App* AddGroup(CLI::App& admin, const std::string& word, const std::string& help) {
  CLI::App* group = admin.add_subcommand(word, help);
  group->require_subcommand(1);
  return group;
}

// --json prints the answer; else `show` does.
template <typename Response, typename Show>
absl::StatusOr<ExitCode> Print(Context& context, const absl::StatusOr<Response>& response,
                               Show show) {
  TW_RETURN_IF_ERROR(response.status());
  if (context.json) {
    context.out() << JsonText(*response);
  } else {
    show(*response);
  }
  return ExitCode::kOk;
}

void AddProjects(CLI::App& admin, Context& context) {
  auto request = std::make_shared<av1::CreateProjectRequest>();
  CLI::App* create =
      AddGroup(admin, "projects", "projects")->add_subcommand("create", "make a project");
  create
      ->add_option_function<std::string>(
          "id", [=](const std::string& id) { request->set_project_id(id); }, "[a-z][a-z0-9-]{2,31}")
      ->required();
  create->add_option_function<std::string>(
      "--display-name",
      [=](const std::string& name) { request->mutable_project()->set_display_name(name); },
      "for people");
  create->add_option_function<std::string>(
      "--policy",
      [=](const std::string& id) {
        request->mutable_project()->set_policy(id.rfind("policies/", 0) == 0 ? id
                                                                             : "policies/" + id);
      },
      "policy that governs its jobs [default]");
  create->callback([&context, request] {
    context.action = [&context, request]() -> absl::StatusOr<ExitCode> {
      TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
      request->set_request_id(client->NewRequestId());
      return Print(context,
                   client->Call(client->projects(),
                                &av1::ProjectService::StubInterface::CreateProject, *request),
                   [&](const av1::Project& project) {
                     context.out()
                         << fmt::format("{}  policy {}\n", project.name(), project.policy());
                   });
    };
  });
}

// Opens `path` anew with mode 0600: a secret never goes into a file that was there before.
absl::Status WriteSecret(const std::string& path, const std::string& secret) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, path);
  const std::string line = secret + "\n";
  const bool written = write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const int error = errno;
  if (close(fd) != 0 || !written) return ErrnoStatus(error, path);
  return absl::OkStatus();
}

void AddKeys(CLI::App& admin, Context& context) {
  struct Options {
    av1::CreateApiKeyRequest request;
    std::string out;
  };
  auto options = std::make_shared<Options>();
  CLI::App* create =
      AddGroup(admin, "keys", "API keys")->add_subcommand("create", "make a key; it is shown once");
  create->add_option_function<std::string>(
      "--for",
      [=](const std::string& id) {
        options->request.set_parent(id.rfind("projects/", 0) == 0 ? id : "projects/" + id);
      },
      "the project; none: an operator's key");
  create
      ->add_option_function<std::vector<std::string>>(
          "--scopes",
          [=](const std::vector<std::string>& scopes) {
            for (const std::string& scope : scopes)
              options->request.mutable_api_key()->add_scopes(scope);
          },
          "of files.read files.write jobs.read jobs.write models.read chat [all]")
      ->delimiter(',');
  create->add_option("--out", options->out,
                     "write the secret to this new file (0600) instead of printing it");
  create->callback([&context, options] {
    context.action = [&context, options]() -> absl::StatusOr<ExitCode> {
      if (!options->out.empty() && std::filesystem::exists(options->out)) {
        return absl::AlreadyExistsError(fmt::format("{} exists; name a new file", options->out));
      }
      TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
      options->request.set_request_id(client->NewRequestId());
      TW_ASSIGN_OR_RETURN(
          av1::CreateApiKeyResponse response,
          client->Call(client->api_keys(), &av1::ApiKeyService::StubInterface::CreateApiKey,
                       options->request));
      if (!options->out.empty()) {
        TW_RETURN_IF_ERROR(WriteSecret(options->out, response.secret()));
        response.clear_secret();
      }
      return Print<av1::CreateApiKeyResponse>(
          context, response, [&](const av1::CreateApiKeyResponse& made) {
            context.out() << made.api_key().name() << '\n'
                          << (options->out.empty() ? made.secret() : options->out) << '\n';
          });
    };
  });
}

void AddWorkers(CLI::App& admin, Context& context) {
  auto request = std::make_shared<av1::ListWorkersRequest>();
  CLI::App* list =
      AddGroup(admin, "workers", "workers")->add_subcommand("list", "workers that are alive");
  list->add_flag_function(
      "--gone", [=](int64_t) { request->set_show_gone(true); }, "also those of the last hour");
  list->callback([&context, request] {
    context.action = [&context, request]() -> absl::StatusOr<ExitCode> {
      TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
      return Print(
          context,
          client->Call(client->workers(), &av1::WorkerService::StubInterface::ListWorkers,
                       *request),
          [&](const av1::ListWorkersResponse& response) {
            Table table({"WORKER", "STATE", "ROLES", "BASES", "ADDRESS", "LAST SEEN"});
            for (const av1::Worker& worker : response.workers()) {
              table.AddRow({ShortName(worker.name()), worker.state(),
                            absl::StrJoin(worker.roles(), ","),
                            absl::StrJoin(worker.base_models(), ","), worker.address(),
                            TimeText(worker.last_seen_time(), worker.has_last_seen_time())});
            }
            context.out() << table.Render();
          });
    };
  });
}

void AddBaseModels(CLI::App& admin, Context& context) {
  auto request = std::make_shared<av1::RegisterBaseModelRequest>();
  request->mutable_base_model();
  CLI::App* add =
      AddGroup(admin, "base-models", "base models")
          ->add_subcommand("register",
                           "copy a Hugging Face folder of the server's machine into the store");
  add->add_option_function<std::string>(
         "id", [=](const std::string& id) { request->set_base_model_id(id); },
         "[a-z0-9][a-z0-9.-]{0,62}")
      ->required();
  add->add_option_function<std::string>(
         "--folder", [=](const std::string& folder) { request->set_folder(folder); },
         "absolute path on the server's machine")
      ->required();
  const auto text = [&](const std::string& flag, const std::string& help, auto set) {
    add->add_option_function<std::string>(
        flag, [=](const std::string& value) { set(*request->mutable_base_model(), value); }, help);
  };
  text("--chat-template", "as tuneward/1",
       [](av1::BaseModel& m, const std::string& v) { m.set_chat_template(v); });
  text("--pool", "safety pool, as sandbox@2",
       [](av1::BaseModel& m, const std::string& v) { m.set_pool(v); });
  text("--eval-set", "audit prompts, as sandbox@2",
       [](av1::BaseModel& m, const std::string& v) { m.set_eval_set(v); });
  add->add_option_function<double>(
      "--lora-lr",
      [=](double rate) { request->mutable_base_model()->mutable_defaults()->set_lora_lr(rate); },
      "learning rate of `auto` jobs");
  add->callback([&context, request] {
    context.action = [&context, request]() -> absl::StatusOr<ExitCode> {
      TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
      request->set_request_id(client->NewRequestId());
      return Print(context,
                   client->Call(client->base_models(),
                                &av1::BaseModelService::StubInterface::RegisterBaseModel, *request),
                   [&](const av1::BaseModel& model) {
                     context.out() << fmt::format("{}  {} parameters, context {}, tree {}\n",
                                                  model.name(), model.parameters(), model.context(),
                                                  HexOf(model.tree_sha256()));
                   });
    };
  });
}

void AddPolicies(CLI::App& admin, Context& context) {
  auto request = std::make_shared<av1::GetPolicyRequest>();
  CLI::App* get =
      AddGroup(admin, "policies", "safety policies")->add_subcommand("get", "a policy's document");
  get->add_option_function<std::string>(
         "id",
         [=](const std::string& id) {  // default, default@1 or the full name
           const size_t at = id.find('@');
           request->set_name(id.rfind("policies/", 0) == 0 ? id
                             : at == std::string::npos     ? "policies/" + id
                                                           : "policies/" + id.substr(0, at) +
                                                             "/versions/" + id.substr(at + 1));
         },
         "default, or default@1 for one version")
      ->required();
  get->callback([&context, request] {
    context.action = [&context, request]() -> absl::StatusOr<ExitCode> {
      TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
      return Print(
          context,
          client->Call(client->policies(), &av1::PolicyService::StubInterface::GetPolicy, *request),
          [&](const av1::Policy& policy) {
            const absl::StatusOr<Json> document = ParseJson(policy.document());
            context.out() << fmt::format("{}  by {}\n", policy.name(),
                                         TerminalSafe(policy.creator()))
                          << (document.ok() ? document->dump(2) : TerminalSafe(policy.document()))
                          << '\n';
          });
    };
  });
}

void AddRelease(CLI::App& admin, Context& context) {
  auto request = std::make_shared<av1::DecideReleaseRequest>();
  auto model = std::make_shared<std::string>();
  CLI::App* decide =
      AddGroup(admin, "release", "held models")
          ->add_subcommand("decide",
                           "release or block an audited model; takes effect with the next chat");
  decide->add_option("model", *model, "ft:... of --project, or projects/{p}/models/ft:...")
      ->required();
  decide
      ->add_option_function<std::string>(
          "--verdict",
          [=](const std::string& word) {
            request->set_release(word == "released" ? v1::RELEASE_RELEASED : v1::RELEASE_BLOCKED);
          },
          "released or blocked")
      ->required()
      ->check(CLI::IsMember({"released", "blocked"}));
  decide
      ->add_option_function<std::string>(
          "--reason", [=](const std::string& reason) { request->set_reason(reason); },
          "kept with the model for ever")
      ->required();
  decide->callback([&context, request, model] {
    context.action = [&context, request, model]() -> absl::StatusOr<ExitCode> {
      TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
      TW_ASSIGN_OR_RETURN(std::string name, context.ModelName(*model));
      const std::string part = "/models/";
      const size_t at = name.find(part);
      if (at == std::string::npos) {
        return absl::InvalidArgumentError(
            fmt::format("only tuned models (ft:...) are reviewed, got '{}'", *model));
      }
      request->set_name(name.replace(at, part.size(), "/reviews/"));
      request->set_request_id(client->NewRequestId());
      return Print(context,
                   client->Call(client->reviews(),
                                &av1::ReviewService::StubInterface::DecideRelease, *request),
                   [&](const v1::Model& decided) { ShowModel(context.out(), decided); });
    };
  });
}

}  // namespace

void AddAdminCommands(CLI::App& app, Context& context) {
  CLI::App* admin = app.add_subcommand(
      "admin", "operators: projects, keys, workers, base models, policies, releases");
  admin->require_subcommand(1);
  AddProjects(*admin, context);
  AddKeys(*admin, context);
  AddWorkers(*admin, context);
  AddBaseModels(*admin, context);
  AddPolicies(*admin, context);
  AddRelease(*admin, context);
}

}  // namespace tuneward::cli
