#include "client/cli/show.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "client/cli/context.h"
#include "client/cli/output.h"
#include "client/cli/table.h"
#include "client/watch.h"
#include "core/base/json.h"
#include "core/job/audit_report.h"
#include "core/job/audit_table.h"

namespace tuneward::cli {
namespace {

std::string Text(const Json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end()) return "";
  return it->is_string() ? it->get<std::string>() : it->is_null() ? "" : it->dump();
}

void ShowRow(std::ostream& out, const Json& row) {
  out << fmt::format("  m:{} {} ({}, {})\n", Text(row, "n"), TerminalSafe(Text(row, "kind")),
                     TerminalSafe(Text(row, "source")), TerminalSafe(Text(row, "recipe")));
  for (const Json& message : row.at("messages")) {
    out << fmt::format("    {:>9}: {}\n", TerminalSafe(Text(message, "role")),
                       OneLine(Text(message, "content")));
  }
}

// The first row of each kind, then the second of each, up to `count`, in that order.
std::vector<const Json*> Sample(const Json& rows, int64_t count) {
  std::map<std::string, std::vector<const Json*>> by_kind;
  for (const Json& row : rows) by_kind[Text(row, "kind")].push_back(&row);
  std::vector<const Json*> sample;
  for (size_t i = 0; static_cast<int64_t>(sample.size()) < count; ++i) {
    bool any = false;
    for (const auto& [kind, list] : by_kind) {
      if (i >= list.size() || static_cast<int64_t>(sample.size()) >= count) continue;
      sample.push_back(list[i]);
      any = true;
    }
    if (!any) break;
  }
  return sample;
}

}  // namespace

void ShowJob(std::ostream& out, const v1::Job& job) {
  const bool stopping = job.cancel_requested() && !client::IsTerminal(job.state());
  out << fmt::format("{}  {}{}\n", ShortName(job.name()), StateWord(job.state()),
                     stopping ? ", to be cancelled" : "");
  out << fmt::format("  base {}, file {}\n", ShortName(job.base_model()),
                     ShortName(job.training_file()));
  out << fmt::format("  policy {}, mix {}\n", TerminalSafe(job.policy()),
                     TerminalSafe(job.effective_safety().mix_method()));
  const v1::Hyperparameters& h = job.resolved();
  out << fmt::format("  epochs {}, batch {}, rate {:g}, rank {}{}\n", h.epochs(), h.batch_size(),
                     h.learning_rate(), h.lora_rank(),
                     h.has_beta() ? fmt::format(", dpo with beta {:g}", h.beta()) : "");
  if (job.state() == v1::JOB_STATE_RUNNING && job.progress().total_steps() > 0) {
    out << fmt::format("  step {} of {}, loss {:.3f}\n", job.progress().step(),
                       job.progress().total_steps(), job.progress().loss());
    if (job.progress().has_preference()) {
      const v1::PreferenceProgress& p = job.progress().preference();
      out << fmt::format(
          "  reward accuracy {:.2f}, margin {:.3f} (chosen {:.3f}, rejected {:.3f})\n",
          p.reward_accuracy(), p.reward_margin(), p.chosen_reward(), p.rejected_reward());
    }
    if (job.progress().has_eval_loss())
      out << fmt::format("  validation loss {:.3f} after step {}\n", job.progress().eval_loss(),
                         job.progress().eval_step());
  }
  out << fmt::format("  created {}, ended {}\n", TimeText(job.create_time(), job.has_create_time()),
                     TimeText(job.finish_time(), job.has_finish_time()));
  if (!job.tuned_model().empty()) out << "  model " << ShortName(job.tuned_model()) << '\n';
  if (job.has_error()) {
    out << fmt::format(
        "  error {}{}: {}\n", TerminalSafe(job.error().code()),
        job.error().param().empty() ? "" : " (" + TerminalSafe(job.error().param()) + ")",
        TerminalSafe(job.error().message()));
  }
}

absl::Status ShowPlan(std::ostream& out, const v1::JobPlan& plan, int64_t rows) {
  const absl::StatusOr<Json> document = ParseJson(plan.document());
  if (!document.ok() || !document->is_object() || !document->contains("rows") ||
      !(*document)["rows"].is_array()) {
    return absl::InternalError(fmt::format("{} is not a plan document", plan.name()));
  }
  out << fmt::format("policy {}, method {}\n", TerminalSafe(plan.policy()),
                     TerminalSafe(plan.method()));
  out << fmt::format("user rows {}, dropped {}\n", plan.user_rows(), plan.dropped_rows());
  const std::map<std::string, int64_t> kinds(plan.mixed_rows().begin(), plan.mixed_rows().end());
  out << "mixed rows";
  if (kinds.empty()) out << " none";
  for (const auto& [kind, count] : kinds) out << fmt::format("  {} {}", TerminalSafe(kind), count);
  out << fmt::format("\nsha256 {}\n", HexOf(plan.sha256()));
  try {
    for (const Json* row : Sample((*document)["rows"], rows)) ShowRow(out, *row);
  } catch (const Json::exception& error) {
    return absl::InternalError(
        fmt::format("a row of {} is malformed: {}", plan.name(), error.what()));
  }
  return absl::OkStatus();
}

absl::Status ShowAudit(std::ostream& out, const v1::AuditReport& report) {
  const absl::StatusOr<AuditReport> parsed = AuditReport::Parse(report.document());
  if (!parsed.ok()) {
    return absl::InternalError(fmt::format("{} is not a report: {}", report.name(),
                                           std::string(parsed.status().message())));
  }
  out << RenderAuditTable({{"tuned", &*parsed}});
  out << "gate: " << TerminalSafe(report.release()) << '\n';
  for (const std::string& reason : report.reasons()) out << "  - " << TerminalSafe(reason) << '\n';
  return absl::OkStatus();
}

ProgressView ViewOf(const v1::Job& job, int64_t now_seconds) {
  ProgressView view;
  view.state = StateWord(job.state());
  view.stage = client::IsTerminal(job.state()) ? view.state : StageWord(job.stage());
  if (job.stage() == v1::JOB_STAGE_AUDITING) {
    if (job.progress().audit_ppm() > 0)
      view.percent = std::min(job.progress().audit_ppm() / 10000, 100);
    return view;
  }
  // Between tasks the last report of the one before is still there.
  if (job.stage() != v1::JOB_STAGE_TRAINING || !job.has_progress() ||
      job.progress().total_steps() <= 0)
    return view;
  view.step = job.progress().step();
  view.total_steps = job.progress().total_steps();
  if (view.step > 0) view.loss = job.progress().loss();
  if (job.progress().has_eval_loss()) view.eval_loss = job.progress().eval_loss();
  if (job.progress().has_preference())
    view.reward_accuracy = job.progress().preference().reward_accuracy();
  view.tokens_per_second = job.progress().tokens_per_second();
  if (job.progress().has_estimated_finish_time()) {
    view.seconds_left =
        std::max<int64_t>(0, job.progress().estimated_finish_time().seconds() - now_seconds);
  }
  return view;
}

}  // namespace tuneward::cli
