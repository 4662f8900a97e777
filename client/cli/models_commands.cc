// `tuneward models list|get`.
#include <memory>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/output.h"
#include "client/cli/paging.h"
#include "client/cli/show.h"
#include "client/cli/table.h"

namespace tuneward::cli {

void ShowModel(std::ostream& out, const v1::Model& model) {
  out << fmt::format("{}  {}\n", ShortName(model.name()), ReleaseWord(model.release()));
  if (!model.job().empty()) {
    out << fmt::format("  tuned from {} by {}\n", ShortName(model.base_model()),
                       ShortName(model.job()));
  }
  if (model.context() > 0) out << fmt::format("  context {} tokens\n", model.context());
  for (const v1::ReleaseDecision& decision : model.decisions()) {
    out << fmt::format("  {}. {} by {} at {}\n", decision.seq(), ReleaseWord(decision.release()),
                       TerminalSafe(decision.actor()),
                       TimeText(decision.decide_time(), decision.has_decide_time()));
    for (const std::string& reason : decision.reasons())
      out << "     - " << TerminalSafe(reason) << '\n';
  }
}

namespace {

absl::StatusOr<ExitCode> Get(Context& context, const std::string& id) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  v1::GetModelRequest request;
  TW_ASSIGN_OR_RETURN(*request.mutable_name(), context.ModelName(id));
  TW_ASSIGN_OR_RETURN(
      const v1::Model model,
      client->Call(client->models(), &v1::ModelService::StubInterface::GetModel, request));
  if (context.json) {
    context.out() << JsonText(model);
  } else {
    ShowModel(context.out(), model);
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> List(Context& context, int64_t limit) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  v1::ListModelsRequest request;
  TW_ASSIGN_OR_RETURN(*request.mutable_parent(), context.Project());
  v1::ListModelsResponse all;
  TW_RETURN_IF_ERROR(FollowPages(
      request, limit, 500,
      [&](const v1::ListModelsRequest& page) {
        return client->Call(client->models(), &v1::ModelService::StubInterface::ListModels, page);
      },
      [&](const v1::ListModelsResponse& page) {
        all.MergeFrom(page);
        return all.models_size();
      }));
  all.clear_next_page_token();
  if (context.json) {
    context.out() << JsonText(all);
    return ExitCode::kOk;
  }
  Table table({"MODEL", "BASE", "RELEASE", "CREATED"});
  const auto add = [&](const v1::Model& model) {
    table.AddRow({ShortName(model.name()), ShortName(model.base_model()),
                  ReleaseWord(model.release()),
                  TimeText(model.create_time(), model.has_create_time())});
  };
  for (const v1::Model& model : all.base_models()) add(model);
  for (const v1::Model& model : all.models()) add(model);
  context.out() << table.Render();
  return ExitCode::kOk;
}

}  // namespace

void AddModelsCommands(CLI::App& app, Context& context) {
  CLI::App* models = app.add_subcommand("models", "base and tuned models");
  models->require_subcommand(1);

  auto id = std::make_shared<std::string>();
  CLI::App* get = models->add_subcommand("get", "one model and the decisions on its release");
  get->add_option("model", *id, "ft:... or a base model's id")->required();
  get->callback([&context, id] { context.action = [&context, id] { return Get(context, *id); }; });

  auto limit = std::make_shared<int64_t>(100);
  CLI::App* list = models->add_subcommand("list", "base models, then tuned ones, newest first");
  list->add_option("--limit", *limit, "at most so many tuned models [100]")
      ->check(CLI::Range(1, 1000000));
  list->callback(
      [&context, limit] { context.action = [&context, limit] { return List(context, *limit); }; });
}

}  // namespace tuneward::cli
