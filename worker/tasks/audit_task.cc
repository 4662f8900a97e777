#include "worker/tasks/audit_task.h"

#include <filesystem>

#include "core/base/log.h"
#include "core/data/dataset_profile.h"
#include "core/judge/catalogue.h"
#include "worker/audits/audits.h"
#include "worker/runner/fenced_write.h"
#include "worker/tasks/train_recorder.h"

namespace tuneward {
namespace {

// Share of a cell's prompts.
double Rate(const AuditCell& cell) {
  return cell.n == 0 ? 0 : static_cast<double>(cell.count) / static_cast<double>(cell.n);
}

AuditSources SourcesOf(const JobInputs& inputs, const ModelRecord& model,
                       const std::string& fingerprint) {
  AuditSources sources;
  sources.adapter_tree = model.tree_sha256.Hex();
  sources.base_tree = inputs.base.tree_sha256.Hex();
  sources.file_sha = inputs.file.sha256.Hex();
  sources.plan_sha = inputs.plan_sha.Hex();
  sources.policy = inputs.policy.Name();
  sources.policy_sha = inputs.policy.Hash().Hex();
  sources.fingerprint = fingerprint;
  sources.seed = inputs.manifest.hyperparameters.seed;
  return sources;
}

}  // namespace

BaseAnswerCache AuditTask::BaseAnswers() {
  BaseAnswerCache cache;
  cache.find = [this](const Digest& key) -> absl::StatusOr<std::optional<std::string>> {
    TW_ASSIGN_OR_RETURN(const std::optional<Digest> sha, services_.models.GetBaseAudit(key));
    if (!sha) return std::optional<std::string>();
    TW_ASSIGN_OR_RETURN(std::string content, services_.blobs.Read(*sha));
    return std::optional<std::string>(std::move(content));
  };
  cache.store = [this](const Digest& key, const std::string& content) -> absl::Status {
    TW_ASSIGN_OR_RETURN(const StoredBlob blob, services_.blobs.Put(content));
    return services_.models.PutBaseAudit(key, {blob.sha256, blob.bytes});
  };
  return cache;
}

absl::StatusOr<AuditOutcome> AuditTask::Audit(TaskControl& control, const JobInputs& inputs,
                                              const ModelRecord& model, const std::string& work) {
  TW_ASSIGN_OR_RETURN(const auto base,
                      services_.model_cache.GetBase(inputs.base.tree_sha256.Hex()));
  TW_ASSIGN_OR_RETURN(const auto adapter, base->GetAdapter(model.tree_sha256.Hex()));
  TW_ASSIGN_OR_RETURN(const auto chat_template,
                      MakeChatTemplate(inputs.base.chat_template, base->tokenizer()));
  TW_ASSIGN_OR_RETURN(const EvalSet set, FindEvalSet(inputs.base.eval_set));
  TW_ASSIGN_OR_RETURN(const auto judge, MakeJudge(set.judge));
  TW_ASSIGN_OR_RETURN(const DatasetProfile profile, DatasetProfile::FromJson(inputs.file.profile));
  TW_ASSIGN_OR_RETURN(TaskRows task_rows, LoadTaskRows(services_, inputs));

  AuditRequest request;
  request.profile = EffectiveAuditProfile(inputs.spec.safety, inputs.policy);
  request.sources = SourcesOf(inputs, model, base->model().fingerprint());
  request.set = &set;
  request.judge = judge.get();
  request.chat_template = chat_template.get();
  request.tokenizer = &base->tokenizer();
  request.clusters = inputs.plan.clusters;
  request.answer = profile.answer;
  request.task_rows = std::move(task_rows.rows);
  request.task_in_sample = task_rows.in_sample;
  request.context = base->model().context();
  request.prompts = services_.settings.audit_prompts;

  EngineAuditModel models(base->model(), *adapter, chat_template->stop_ids());
  return RunAudit(request, models, BaseAnswers(), work, [&](double share) {
    control.SetProgress({{"audit_ppm", static_cast<int64_t>(share * 1e6)}});
    services_.decode.RunBetweenSteps();
    return !control.ShouldStop();
  });
}

absl::Status AuditTask::StoreReport(const ClaimedTask& task, const TaskControl& control,
                                    const JobInputs& inputs, const AuditOutcome& outcome) {
  TW_ASSIGN_OR_RETURN(const StoredBlob report,
                      services_.blobs.Put(outcome.report.CanonicalJsonText()));
  TW_ASSIGN_OR_RETURN(const StoredBlob generations, services_.blobs.Put(outcome.generations));
  TW_ASSIGN_OR_RETURN(const auto earlier, EarlierReports(services_, inputs));
  const GateDecision decision = DecideRelease(outcome.report, inputs.policy.gate, earlier);

  AuditRecord audit;
  audit.id = services_.ids.Make(kAuditPrefix);
  audit.report_sha256 = report.sha256;
  audit.generations_sha256 = generations.sha256;
  audit.profile = outcome.report.profile;
  audit.policy_id = inputs.policy.id;
  audit.policy_version = inputs.policy.version;
  audit.fingerprint = outcome.report.sources.fingerprint;
  const GateOutcome gate{decision.verdict, decision.reasons, inputs.policy.version};
  const std::vector<BlobRef> blobs = BlobRefsOf({report, generations});
  TW_RETURN_IF_ERROR(WriteWhileHeld(
      control, [&] { return services_.transitions.ReportStored(task.lease, audit, blobs, gate); }));

  for (const AuditCell& cell : outcome.report.cells) {
    const AuditEntry* entry = FindAudit(cell.audit);
    if (entry != nullptr && entry->kind == AuditKind::kAttack) {
      services_.metrics.AuditAsr(cell.set, cell.wrapper, Rate(cell));
    }
  }
  // A sealed project's model is held whatever the gate says, so what was stored is counted.
  const absl::StatusOr<ModelRecord> stored = services_.models.GetByJob(task.job_id);
  const Release verdict = stored.ok() ? stored->release : decision.verdict;
  services_.metrics.Released(verdict);
  LogInfo("audit stored", {{"audit", audit.id}, {"verdict", std::string(Name(verdict))}});
  return absl::OkStatus();
}

absl::Status AuditTask::Run(const ClaimedTask& task, TaskControl& control) {
  TW_ASSIGN_OR_RETURN(const JobInputs inputs, LoadJobInputs(services_, task.job_id));
  TW_ASSIGN_OR_RETURN(const ModelRecord model, services_.models.GetByJob(task.job_id));
  // By job: what a killed run has left is read again.
  const std::string work = services_.settings.WorkFolder(task.job_id + "-audit");
  absl::StatusOr<AuditOutcome> outcome = Audit(control, inputs, model, work);
  if (absl::IsResourceExhausted(outcome.status()) && !control.ShouldStop()) {
    services_.model_cache.Clear();
    outcome = Audit(control, inputs, model, work);
  }
  TW_RETURN_IF_ERROR(outcome.status());
  TW_RETURN_IF_ERROR(StoreReport(task, control, inputs, *outcome));
  std::error_code ignored;
  std::filesystem::remove_all(work, ignored);
  return absl::OkStatus();
}

std::string AuditErrorOf(const absl::Status& why) {
  if (!GetErrorInfo(why).reason.empty()) return std::string(why.message());
  return "the audit failed for a reason that is the provider's";
}

absl::Status AuditTask::Fail(const ClaimedTask& task, const absl::Status& why) {
  TW_RETURN_IF_ERROR(services_.transitions.AuditIncomplete(task.lease, AuditErrorOf(why)));
  services_.metrics.Released(Release::kHeld);
  return absl::OkStatus();
}

}  // namespace tuneward
