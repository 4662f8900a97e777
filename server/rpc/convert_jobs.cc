#include <chrono>

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "core/job/audit_report.h"
#include "core/policy/mix_plan.h"
#include "server/resource_names.h"
#include "server/rpc/convert.h"

namespace tuneward {
namespace {

constexpr double kLongestEstimate = 1e7;  // seconds; a longer one says nothing

void AddProblem(const absl::Status& status, Violations& problems) {
  for (const FieldViolation& violation : GetErrorInfo(status).violations)
    problems.Add(violation.field, violation.description);
}

// A file of the caller's own project; any other is as good as not there.
absl::StatusOr<std::string> OwnFile(const std::string& name, const std::string& field,
                                    const std::string& project_id) {
  TW_ASSIGN_OR_RETURN(const ResourceName file, ParseFileName(name, field));
  if (file.project == project_id) return file.id;
  return MakeError(absl::StatusCode::kNotFound, "NOT_FOUND", absl::StrCat(name, " does not exist"),
                   {{"resource", name}});
}

Hyperparameters ToHyperparameters(const v1::Hyperparameters& proto, Violations& problems) {
  Hyperparameters h;
  if (proto.has_epochs()) h.epochs = proto.epochs();
  if (proto.has_batch_size()) h.batch_size = proto.batch_size();
  if (proto.has_learning_rate_multiplier())
    h.learning_rate_multiplier = proto.learning_rate_multiplier();
  if (proto.has_warmup_steps()) h.warmup_steps = proto.warmup_steps();
  if (proto.has_max_tokens()) h.max_tokens = proto.max_tokens();
  if (proto.has_lora_rank()) h.lora_rank = proto.lora_rank();
  if (proto.has_lora_alpha()) h.lora_alpha = proto.lora_alpha();
  if (proto.has_lora_dropout()) h.lora_dropout = proto.lora_dropout();
  if (proto.has_beta()) h.beta = proto.beta();
  if (proto.has_warmup_ratio()) h.warmup_ratio = proto.warmup_ratio();
  if (proto.has_eval_every()) h.eval_every = proto.eval_every();
  if (proto.has_patience()) h.patience = proto.patience();
  h.lora_targets = {proto.lora_targets().begin(), proto.lora_targets().end()};
  switch (proto.schedule()) {
    case v1::LEARNING_RATE_SCHEDULE_UNSPECIFIED:
      break;
    case v1::LEARNING_RATE_SCHEDULE_COSINE:
      h.schedule = "cosine";
      break;
    case v1::LEARNING_RATE_SCHEDULE_CONSTANT:
      h.schedule = "constant";
      break;
    case v1::LEARNING_RATE_SCHEDULE_LINEAR:
      h.schedule = "linear";
      break;
    default:
      problems.Add("hyperparameters.schedule",
                   absl::StrCat("is not known: ", static_cast<int>(proto.schedule())));
  }
  if (proto.has_learning_rate()) {
    problems.Add("hyperparameters.learning_rate", "is output only; set learning_rate_multiplier");
  }
  return h;
}

v1::Hyperparameters FromHyperparameters(const Hyperparameters& h) {
  v1::Hyperparameters proto;
  if (h.epochs) proto.set_epochs(static_cast<int>(*h.epochs));
  if (h.batch_size) proto.set_batch_size(static_cast<int>(*h.batch_size));
  if (h.learning_rate_multiplier) proto.set_learning_rate_multiplier(*h.learning_rate_multiplier);
  if (h.warmup_steps) proto.set_warmup_steps(static_cast<int>(*h.warmup_steps));
  if (h.max_tokens) proto.set_max_tokens(static_cast<int>(*h.max_tokens));
  if (h.lora_rank) proto.set_lora_rank(static_cast<int>(*h.lora_rank));
  if (h.lora_alpha) proto.set_lora_alpha(*h.lora_alpha);
  if (h.lora_dropout) proto.set_lora_dropout(*h.lora_dropout);
  if (h.beta) proto.set_beta(*h.beta);
  if (h.warmup_ratio) proto.set_warmup_ratio(*h.warmup_ratio);
  if (h.eval_every) proto.set_eval_every(static_cast<int>(*h.eval_every));
  if (h.patience) proto.set_patience(static_cast<int>(*h.patience));
  if (h.schedule) {
    proto.set_schedule(*h.schedule == "constant" ? v1::LEARNING_RATE_SCHEDULE_CONSTANT
                       : *h.schedule == "linear" ? v1::LEARNING_RATE_SCHEDULE_LINEAR
                                                 : v1::LEARNING_RATE_SCHEDULE_COSINE);
  }
  for (const std::string& target : h.lora_targets) proto.add_lora_targets(target);
  return proto;
}

v1::Hyperparameters FromResolved(const ResolvedHyperparameters& r) {
  const auto some = [](auto value) { return value > 0 ? std::optional(value) : std::nullopt; };
  v1::Hyperparameters proto = FromHyperparameters(
      {r.epochs, r.batch_size, std::nullopt, r.warmup_steps, r.schedule, r.max_tokens, r.lora_rank,
       r.lora_alpha, r.lora_dropout, r.lora_targets, some(r.beta), some(r.warmup_ratio),
       some(r.eval_every), some(r.patience)});
  proto.set_learning_rate(r.learning_rate);
  return proto;
}

std::string ToMethod(v1::TrainingMethod method, Violations& problems) {
  switch (method) {
    case v1::TRAINING_METHOD_UNSPECIFIED:
    case v1::TRAINING_METHOD_SUPERVISED:
      return kMethodSupervised;
    case v1::TRAINING_METHOD_DPO:
      return kMethodDpo;
    default:
      problems.Add("method", absl::StrCat("is not known: ", static_cast<int>(method)));
      return kMethodSupervised;
  }
}

v1::SafetyOptions FromSafety(const SafetyChoice& safety) {
  v1::SafetyOptions proto;
  proto.set_mix_method(safety.mix_method);
  if (safety.refusals_ppm) proto.set_refusals_ppm(static_cast<int>(*safety.refusals_ppm));
  if (safety.lookalikes_ppm) proto.set_lookalikes_ppm(static_cast<int>(*safety.lookalikes_ppm));
  if (safety.benign_ppm) proto.set_benign_ppm(static_cast<int>(*safety.benign_ppm));
  proto.set_audit_profile(safety.audit_profile);
  return proto;
}

double NumberOf(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? found->get<double>() : 0;
}

v1::JobProgress FromProgress(const Json& progress) {
  v1::JobProgress proto;
  proto.set_step(static_cast<int64_t>(NumberOf(progress, "step")));
  proto.set_total_steps(static_cast<int64_t>(NumberOf(progress, "total_steps")));
  proto.set_tokens(static_cast<int64_t>(NumberOf(progress, "tokens")));
  proto.set_loss(NumberOf(progress, "loss"));
  proto.set_tokens_per_second(NumberOf(progress, "tokens_per_second"));
  if (progress.contains("eval_loss")) {
    proto.set_eval_loss(NumberOf(progress, "eval_loss"));
    proto.set_eval_step(static_cast<int64_t>(NumberOf(progress, "eval_step")));
  }
  if (progress.contains("reward_accuracy")) {
    v1::PreferenceProgress& preference = *proto.mutable_preference();
    preference.set_chosen_reward(NumberOf(progress, "chosen_reward"));
    preference.set_rejected_reward(NumberOf(progress, "rejected_reward"));
    preference.set_reward_margin(NumberOf(progress, "reward_margin"));
    preference.set_reward_accuracy(NumberOf(progress, "reward_accuracy"));
  }
  return proto;
}

}  // namespace

absl::StatusOr<JobSpec> ToJobSpec(const v1::Job& job, const std::string& project_id) {
  Violations problems;
  JobSpec spec;
  if (const auto base = ParseBaseModelName(job.base_model(), "base_model"); base.ok()) {
    spec.base_model = *base;
  } else {
    AddProblem(base.status(), problems);
  }
  const std::pair<const std::string*, std::string*> files[] = {
      {&job.training_file(), &spec.training_file}, {&job.validation_file(), &spec.validation_file}};
  for (const auto& [name, id] : files) {
    const bool training = id == &spec.training_file;
    if (name->empty() && !training) continue;
    const auto file = OwnFile(*name, training ? "training_file" : "validation_file", project_id);
    if (file.ok()) {
      *id = *file;
    } else if (file.status().code() == absl::StatusCode::kNotFound) {
      return file.status();
    } else {
      AddProblem(file.status(), problems);
    }
  }
  spec.method = ToMethod(job.method(), problems);
  spec.suffix = job.suffix();
  if (job.has_seed()) spec.seed = job.seed();
  if (job.engine_mode() == v1::ENGINE_MODE_SHARED) {
    spec.engine_mode = kShared;
  } else if (job.engine_mode() == v1::ENGINE_MODE_ISOLATED) {
    spec.engine_mode = kIsolated;
  } else if (job.engine_mode() != v1::ENGINE_MODE_UNSPECIFIED) {
    problems.Add("engine_mode",
                 absl::StrCat("must be ENGINE_MODE_ISOLATED or ENGINE_MODE_SHARED, got ",
                              static_cast<int>(job.engine_mode())));
  }
  spec.hyperparameters = ToHyperparameters(job.hyperparameters(), problems);
  spec.safety.mix_method = job.safety().mix_method();
  if (job.safety().has_refusals_ppm()) spec.safety.refusals_ppm = job.safety().refusals_ppm();
  if (job.safety().has_lookalikes_ppm()) spec.safety.lookalikes_ppm = job.safety().lookalikes_ppm();
  if (job.safety().has_benign_ppm()) spec.safety.benign_ppm = job.safety().benign_ppm();
  spec.safety.audit_profile = job.safety().audit_profile();
  spec.metadata = {job.metadata().begin(), job.metadata().end()};
  if (problems.empty()) return spec;
  // Report the limits' problems together with the names': a client fixes all of them at once.
  if (const absl::Status limits = ValidateJobSpec(spec); !limits.ok()) {
    for (const FieldViolation& violation : GetErrorInfo(limits).violations) {
      bool known = false;
      for (const FieldViolation& named : problems.list())
        known = known || named.field == violation.field;
      if (!known) problems.Add(violation.field, violation.description);
    }
  }
  return problems.ToStatus();
}

absl::StatusOr<v1::Job> ToProto(const JobRecord& job, const PolicyDocument& policy) {
  TW_ASSIGN_OR_RETURN(const JobSpec spec, JobSpec::FromJson(job.spec));
  TW_ASSIGN_OR_RETURN(const ResolvedHyperparameters resolved,
                      ResolvedHyperparameters::FromJson(job.resolved));
  v1::Job proto;
  proto.set_name(JobName(job.project_id, job.id));
  proto.set_base_model(BaseModelName(job.base_model_id));
  proto.set_training_file(FileName(job.project_id, spec.training_file));
  if (!spec.validation_file.empty())
    proto.set_validation_file(FileName(job.project_id, spec.validation_file));
  proto.set_method(spec.method == kMethodDpo ? v1::TRAINING_METHOD_DPO
                                             : v1::TRAINING_METHOD_SUPERVISED);
  proto.set_suffix(spec.suffix);
  *proto.mutable_hyperparameters() = FromHyperparameters(spec.hyperparameters);
  *proto.mutable_safety() = FromSafety(spec.safety);
  proto.set_seed(job.seed);
  proto.set_engine_mode(job.engine_mode == kShared ? v1::ENGINE_MODE_SHARED
                                                   : v1::ENGINE_MODE_ISOLATED);
  proto.mutable_metadata()->insert(spec.metadata.begin(), spec.metadata.end());

  v1::JobState state = v1::JOB_STATE_UNSPECIFIED;
  v1::JobStage stage = v1::JOB_STAGE_UNSPECIFIED;
  v1::JobState_Parse(absl::StrCat("JOB_STATE_", std::string(Name(job.position.state))), &state);
  v1::JobStage_Parse(absl::StrCat("JOB_STAGE_", std::string(Name(job.position.stage))), &stage);
  proto.set_state(state);
  proto.set_stage(stage);
  *proto.mutable_resolved() = FromResolved(resolved);
  const MixRates rates = EffectiveRates(spec.safety, policy);
  *proto.mutable_effective_safety() =
      FromSafety({EffectiveMethod(spec.safety, policy), rates.refusals.ppm, rates.lookalikes.ppm,
                  rates.benign.ppm, EffectiveAuditProfile(spec.safety, policy)});
  proto.set_policy(PolicyVersionName(job.policy_id, job.policy_version));
  const Json& progress = job.task_progress.is_object() && job.task_progress.contains("step")
                             ? job.task_progress
                             : job.train_progress;
  if (progress.is_object() && !progress.empty()) *proto.mutable_progress() = FromProgress(progress);
  if (job.task_progress.is_object() && job.task_progress.contains("audit_ppm")) {
    proto.mutable_progress()->set_audit_ppm(
        static_cast<int>(NumberOf(job.task_progress, "audit_ppm")));
  }
  if (job.error.has_value()) {
    proto.mutable_error()->set_code(job.error->code);
    proto.mutable_error()->set_param(job.error->param);
    proto.mutable_error()->set_message(job.error->message);
  }
  if (!job.model_id.empty()) proto.set_tuned_model(ModelName(job.project_id, job.model_id));
  proto.set_cancel_requested(job.cancel_requested);
  proto.set_etag(job.etag);
  *proto.mutable_create_time() = ToTimestamp(job.created_at);
  if (job.finished_at.has_value()) *proto.mutable_finish_time() = ToTimestamp(*job.finished_at);
  proto.set_last_event_seq(job.event_seq);
  return proto;
}

void AddEstimate(WallTime now, v1::Job& job) {
  const v1::JobProgress& progress = job.progress();
  if (job.stage() != v1::JOB_STAGE_TRAINING || progress.step() <= 0 ||
      progress.tokens_per_second() <= 0)
    return;
  const double tokens_a_step =
      static_cast<double>(progress.tokens()) / static_cast<double>(progress.step());
  const double seconds = static_cast<double>(progress.total_steps() - progress.step()) *
                         tokens_a_step / progress.tokens_per_second();
  if (!(seconds >= 0 && seconds < kLongestEstimate)) return;
  *job.mutable_progress()->mutable_estimated_finish_time() =
      ToTimestamp(now + std::chrono::microseconds(static_cast<int64_t>(seconds * 1e6)));
}

v1::JobEvent ToProto(const EventRecord& event, const std::string& project_id) {
  v1::JobEvent proto;
  proto.set_name(EventName(project_id, event.job_id, event.seq));
  proto.set_seq(event.seq);
  *proto.mutable_event_time() = ToTimestamp(event.at);
  proto.set_level(event.event.level);
  proto.set_type(event.event.type);
  proto.set_message(event.event.message);
  // Our own JSON, so it parses; a value that Struct cannot hold would leave data empty.
  (void)google::protobuf::util::JsonStringToMessage(event.event.data.dump(), proto.mutable_data());
  return proto;
}

absl::StatusOr<v1::JobPlan> ToPlanProto(const JobRecord& job, const PlanRecord& plan,
                                        std::string document) {
  TW_ASSIGN_OR_RETURN(const MixPlan mix, MixPlan::Parse(document));
  v1::JobPlan proto;
  proto.set_name(PlanName(job.project_id, job.id));
  proto.set_sha256(plan.plan_sha256.Raw());
  proto.set_method(mix.method);
  proto.set_policy(PolicyVersionName(job.policy_id, job.policy_version));
  proto.set_user_rows(static_cast<int64_t>(NumberOf(plan.summary, "user_rows")));
  for (const MixRow& row : mix.rows)
    ++(*proto.mutable_mixed_rows())[std::string(PoolKindName(row.kind))];
  proto.set_dropped_rows(static_cast<int64_t>(mix.dropped.size()));
  proto.set_document(std::move(document));
  return proto;
}

absl::StatusOr<v1::AuditReport> ToReportProto(const AuditRecord& audit,
                                              const std::vector<ReleaseDecisionRecord>& decisions,
                                              std::string document) {
  TW_ASSIGN_OR_RETURN(const AuditReport report, AuditReport::Parse(document));
  v1::AuditReport proto;
  proto.set_name(AuditName(audit.project_id, audit.job_id, audit.id));
  proto.set_sha256(audit.report_sha256.Raw());
  proto.set_model(ModelName(audit.project_id, audit.model_id));
  for (const ReleaseDecisionRecord& decision : decisions) {
    if (decision.audit_id != audit.id) continue;
    proto.set_release(std::string(Name(decision.verdict)));
    for (const std::string& reason : decision.reasons) proto.add_reasons(reason);
  }
  for (const AuditCell& cell : report.cells) {
    auto* entry = proto.add_cells();
    entry->set_audit(cell.audit);
    entry->set_set(cell.set);
    entry->set_wrapper(cell.wrapper);
    entry->set_n(cell.n);
    entry->set_count(cell.count);
    entry->set_base_count(cell.base_count);
    entry->set_only_tuned(cell.only_tuned);
    entry->set_only_base(cell.only_base);
  }
  *proto.mutable_create_time() = ToTimestamp(audit.created_at);
  proto.set_document(std::move(document));
  return proto;
}

}  // namespace tuneward
