#include "client/cli/job_watch.h"

#include <chrono>

#include <fmt/format.h>

#include "client/cli/output.h"
#include "client/cli/progress.h"
#include "client/cli/show.h"
#include "client/cli/table.h"
#include "client/watch.h"

namespace tuneward::cli {
namespace {

int64_t NowSeconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

constexpr char kTrainingStage[] = "training";
constexpr size_t kLongestLine =
    160;  // a verdict's message holds all its reasons; the audit shows them one by one

std::string EventLine(const v1::JobEvent& event) {
  const std::string mark =
      event.level() == "info" || event.level().empty() ? "" : event.level() + ": ";
  std::string line = TerminalSafe(mark + event.message());
  if (line.size() > kLongestLine) line = line.substr(0, kLongestLine) + " ...";
  return line;
}

// A metrics event is newer than the job that was sent before it.
void TakeMetrics(const v1::JobEvent& event, ProgressView& view) {
  const auto number = [&](const char* name, double fallback) {
    const auto it = event.data().fields().find(name);
    return it != event.data().fields().end() && it->second.has_number_value()
               ? it->second.number_value()
               : fallback;
  };
  view.step = static_cast<int64_t>(number("step", static_cast<double>(view.step)));
  view.total_steps =
      static_cast<int64_t>(number("total_steps", static_cast<double>(view.total_steps)));
  view.loss = number("loss", view.loss);
  view.eval_loss = number("eval_loss", view.eval_loss);
  view.reward_accuracy = number("reward_accuracy", view.reward_accuracy);
  view.tokens_per_second = number("tokens_per_second", view.tokens_per_second);
}

}  // namespace

absl::StatusOr<v1::Job> FollowJob(Context& context, const std::string& name, int64_t after_seq,
                                  bool json_updates) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  ProgressPrinter printer(context.err(), context.terminal.err_is_terminal,
                          context.terminal.columns);
  ProgressView view;
  const bool quiet = context.json;
  client::WatchCallbacks callbacks;
  callbacks.on_event = [&](const v1::JobEvent& event) {
    if (json_updates) context.out() << JsonLine(event) << std::flush;
    if (quiet) return;
    if (event.type() == "metrics") {
      if (view.stage != kTrainingStage) return;  // of steps long past: the watch began after them
      TakeMetrics(event, view);
      printer.Update(view);
    } else if (event.type() != "state" || event.level() != "info") {  // the bar shows the state
      printer.Message(EventLine(event));
    }
  };
  callbacks.on_job = [&](const v1::Job& job) {
    if (json_updates) context.out() << JsonLine(job) << std::flush;
    if (quiet) return;
    const ProgressView next = ViewOf(job, NowSeconds());
    // What is running is drawn; an end is told by its event.
    if (!client::IsTerminal(job.state())) printer.Update(next);
    view = next;
  };
  callbacks.on_reconnect = [&](const absl::Status& status) {
    if (!quiet)
      printer.Message("connection lost (" + TerminalSafe(std::string(status.message())) +
                      "), trying again");
  };
  absl::StatusOr<v1::Job> job =
      client::WatchJob(*client, {.name = name, .after_seq = after_seq}, callbacks);
  printer.Finish();
  return job;
}

ExitCode ExitCodeOfJob(const v1::Job& job) {
  return job.state() == v1::JOB_STATE_FAILED || job.state() == v1::JOB_STATE_CANCELLED
             ? ExitCode::kFailed
             : ExitCode::kOk;
}

absl::Status PrintAuditOf(Context& context, const std::string& name) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  v1::GetAuditReportRequest request;
  request.set_name(name);
  const absl::StatusOr<v1::AuditReport> report =
      client->Call(client->jobs(), &v1::FineTuningService::StubInterface::GetAuditReport, request);
  if (absl::IsFailedPrecondition(report.status())) {
    context.out() << "no audit report: " << TerminalSafe(std::string(report.status().message()))
                  << '\n';
    return absl::OkStatus();
  }
  TW_RETURN_IF_ERROR(report.status());
  return ShowAudit(context.out(), *report);
}

}  // namespace tuneward::cli
