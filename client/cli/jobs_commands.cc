// `tuneward jobs get|list|cancel|events|watch|plan|audit`.
#include "client/cli/jobs_commands.h"

#include <functional>
#include <memory>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/job_watch.h"
#include "client/cli/output.h"
#include "client/cli/paging.h"
#include "client/cli/show.h"
#include "client/cli/table.h"

namespace tuneward::cli {
namespace {

using Service = v1::FineTuningService::StubInterface;

absl::StatusOr<ExitCode> Get(Context& context, const std::string& name) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  v1::GetJobRequest request;
  request.set_name(name);
  TW_ASSIGN_OR_RETURN(const v1::Job job, client->Call(client->jobs(), &Service::GetJob, request));
  if (context.json) {
    context.out() << JsonText(job);
  } else {
    ShowJob(context.out(), job);
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Cancel(Context& context, const std::string& name) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  v1::CancelJobRequest request;
  request.set_name(name);
  TW_ASSIGN_OR_RETURN(const v1::Job job,
                      client->Call(client->jobs(), &Service::CancelJob, request));
  if (context.json) {
    context.out() << JsonText(job);
  } else {
    ShowJob(context.out(), job);
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> List(Context& context, int64_t limit) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  v1::ListJobsRequest request;
  TW_ASSIGN_OR_RETURN(*request.mutable_parent(), context.Project());
  v1::ListJobsResponse all;
  TW_RETURN_IF_ERROR(FollowPages(
      request, limit, 500,
      [&](const v1::ListJobsRequest& page) {
        return client->Call(client->jobs(), &Service::ListJobs, page);
      },
      [&](const v1::ListJobsResponse& page) {
        all.MergeFrom(page);
        return all.jobs_size();
      }));
  all.clear_next_page_token();
  if (context.json) {
    context.out() << JsonText(all);
    return ExitCode::kOk;
  }
  Table table({"ID", "STATE", "STAGE", "BASE", "MIX", "MODEL", "CREATED"});
  for (const v1::Job& job : all.jobs()) {
    table.AddRow({ShortName(job.name()), StateWord(job.state()), StageWord(job.stage()),
                  ShortName(job.base_model()), job.effective_safety().mix_method(),
                  ShortName(job.tuned_model()),
                  TimeText(job.create_time(), job.has_create_time())});
  }
  context.out() << table.Render();
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Events(Context& context, const std::string& name, int64_t limit) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  v1::ListEventsRequest request;
  request.set_parent(name);
  v1::ListEventsResponse all;
  TW_RETURN_IF_ERROR(FollowPages(
      request, limit, 1000,
      [&](const v1::ListEventsRequest& page) {
        return client->Call(client->jobs(), &Service::ListEvents, page);
      },
      [&](const v1::ListEventsResponse& page) {
        all.MergeFrom(page);
        return all.events_size();
      }));
  all.clear_next_page_token();
  if (context.json) {
    context.out() << JsonText(all);
    return ExitCode::kOk;
  }
  Table table({">SEQ", "TIME", "LEVEL", "TYPE", "MESSAGE"});
  for (const v1::JobEvent& event : all.events()) {
    table.AddRow({std::to_string(event.seq()), TimeText(event.event_time(), event.has_event_time()),
                  event.level(), event.type(), event.message()});
  }
  context.out() << table.Render();
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Watch(Context& context, const std::string& name, int64_t after_seq) {
  TW_ASSIGN_OR_RETURN(const v1::Job job,
                      FollowJob(context, name, after_seq, /*json_updates=*/context.json));
  if (!context.json) ShowJob(context.out(), job);
  return ExitCodeOfJob(job);
}

absl::StatusOr<ExitCode> Plan(Context& context, const std::string& name, int64_t rows) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  v1::GetJobPlanRequest request;
  request.set_name(name + "/plan");
  TW_ASSIGN_OR_RETURN(const v1::JobPlan plan,
                      client->Call(client->jobs(), &Service::GetJobPlan, request));
  if (context.json) {
    context.out() << JsonText(plan);
  } else {
    TW_RETURN_IF_ERROR(ShowPlan(context.out(), plan, rows));
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> Audit(Context& context, const std::string& name) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  v1::GetAuditReportRequest request;
  request.set_name(name);
  TW_ASSIGN_OR_RETURN(const v1::AuditReport report,
                      client->Call(client->jobs(), &Service::GetAuditReport, request));
  if (context.json) {
    context.out() << JsonText(report);
  } else {
    TW_RETURN_IF_ERROR(ShowAudit(context.out(), report));
  }
  return ExitCode::kOk;
}

// A subcommand that takes a job's id first.
CLI::App* AddJobCommand(CLI::App& jobs, Context& context, const std::string& word,
                        const std::string& help,
                        std::function<absl::StatusOr<ExitCode>(const std::string& name)> run) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = jobs.add_subcommand(word, help);
  command->add_option("job", *id, "ftjob-...")->required();
  command->callback([&context, id, run] {
    context.action = [&context, id, run]() -> absl::StatusOr<ExitCode> {
      TW_ASSIGN_OR_RETURN(const std::string name, context.JobName(*id));
      return run(name);
    };
  });
  return command;
}

}  // namespace

void AddJobsCommands(CLI::App& app, Context& context) {
  CLI::App* jobs = app.add_subcommand("jobs", "fine-tuning jobs");
  jobs->require_subcommand(1);
  AddJobsCreate(*jobs, context);
  AddJobCommand(*jobs, context, "get", "one job",
                [&context](const std::string& name) { return Get(context, name); });
  AddJobCommand(*jobs, context, "cancel", "stop a job",
                [&context](const std::string& name) { return Cancel(context, name); });
  AddJobCommand(*jobs, context, "audit", "the audit of the tuned model beside its base",
                [&context](const std::string& name) { return Audit(context, name); });

  auto rows = std::make_shared<int64_t>(4);
  AddJobCommand(*jobs, context, "plan", "what the policy mixes in; --json holds every row",
                [&context, rows](const std::string& name) { return Plan(context, name, *rows); })
      ->add_option("--rows", *rows, "mixed rows to show [4]")
      ->check(CLI::Range(0, 1000000));

  auto after = std::make_shared<int64_t>(0);
  AddJobCommand(*jobs, context, "watch",
                "follow a job to its end; status 1 when it fails; --json: one line an update",
                [&context, after](const std::string& name) { return Watch(context, name, *after); })
      ->add_option("--after", *after, "only events with a higher number [0]")
      ->check(CLI::NonNegativeNumber);

  auto events_limit = std::make_shared<int64_t>(1000);
  AddJobCommand(*jobs, context, "events", "what happened, in order",
                [&context, events_limit](const std::string& name) {
                  return Events(context, name, *events_limit);
                })
      ->add_option("--limit", *events_limit, "at most so many [1000]")
      ->check(CLI::Range(1, 1000000));

  auto limit = std::make_shared<int64_t>(100);
  CLI::App* list = jobs->add_subcommand("list", "jobs, newest first");
  list->add_option("--limit", *limit, "at most so many [100]")->check(CLI::Range(1, 1000000));
  list->callback(
      [&context, limit] { context.action = [&context, limit] { return List(context, *limit); }; });
}

}  // namespace tuneward::cli
