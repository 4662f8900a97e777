#include "server/planner.h"

#include <chrono>
#include <utility>

#include "core/base/log.h"
#include "core/data/dataset_profile.h"
#include "core/job/job_spec.h"
#include "core/policy/planner.h"

namespace tuneward {
namespace {

// Errors that another try may not meet: the task goes back to the queue.
bool IsPassing(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kAborted ||
         status.code() == absl::StatusCode::kResourceExhausted;
}

}  // namespace

Planner::Planner(Deps deps, std::string worker_id, LeaseSettings lease)
    : deps_(std::move(deps)), worker_id_(std::move(worker_id)), lease_(lease) {}

void Planner::Start() {
  loop_ = std::make_unique<Periodic>(std::chrono::milliseconds(1000), [this] { return RunOne(); });
}

void Planner::Wake() {
  if (loop_) loop_->Wake();
}

absl::StatusOr<Planner::PlannedJob> Planner::MakePlan(const JobRecord& job) {
  TW_ASSIGN_OR_RETURN(const JobSpec spec, JobSpec::FromJson(job.spec));
  TW_ASSIGN_OR_RETURN(const FileRecord file,
                      deps_.files.GetFile(job.project_id, spec.training_file));
  TW_ASSIGN_OR_RETURN(const std::shared_ptr<const PolicyDocument> policy,
                      deps_.policies.Get(job.policy_id, job.policy_version));
  TW_ASSIGN_OR_RETURN(const BaseModelRecord base, deps_.bases.Get(job.base_model_id));
  TW_ASSIGN_OR_RETURN(const std::shared_ptr<const BaseText> text, deps_.texts.Get(base));

  PlanRequest request;
  request.policy = *policy;
  TW_ASSIGN_OR_RETURN(request.profile, DatasetProfile::FromJson(file.profile));
  request.file_sha = file.sha256.Hex();
  request.spec_sha = spec.Hash().Hex();
  request.method = EffectiveMethod(spec.safety, request.policy);
  request.rates = EffectiveRates(spec.safety, request.policy);
  const std::string pool_id = request.policy.pool.empty() ? base.pool : request.policy.pool;
  TW_ASSIGN_OR_RETURN(const SafetyPool* pool, deps_.sets.FindPool(pool_id));
  request.pools.push_back(*pool);
  request.user_rows = file.rows;
  request.seed = static_cast<uint64_t>(job.seed);
  request.fits = [&text, &base](const Chat& chat) {
    return static_cast<int64_t>(text->chat_template->Render(chat).tokens.size()) <= base.context;
  };
  TW_ASSIGN_OR_RETURN(MixPlan plan, Plan(request));
  Json summary = SummarizePlan(plan, text->chat_template.get(), static_cast<int>(base.context));
  return PlannedJob{std::move(plan), std::move(summary)};
}

absl::Status Planner::Carry(const ClaimedTask& task) {
  TW_ASSIGN_OR_RETURN(const JobRecord job, deps_.jobs.GetJobById(task.job_id));
  TW_RETURN_IF_ERROR(deps_.transitions.PlanMoved(task.lease, JobStage::kPlanning));
  absl::StatusOr<PlannedJob> planned = MakePlan(job);
  if (!planned.ok()) {
    if (IsPassing(planned.status())) return planned.status();
    LogWarning("planning failed", {{"error", planned.status().ToString()}});
    const bool clients = planned.status().code() == absl::StatusCode::kInvalidArgument ||
                         planned.status().code() == absl::StatusCode::kFailedPrecondition;
    return deps_.transitions.PlanFailed(
        task.lease,
        JobError{clients ? "invalid_training_file" : "server_error", "training_file",
                 clients ? std::string(planned.status().message())
                         : "the plan could not be made; the server's log has the details"});
  }
  const std::string document = planned->plan.CanonicalJsonText();
  TW_ASSIGN_OR_RETURN(const StoredBlob blob, deps_.blobs.Put(document));
  TW_RETURN_IF_ERROR(deps_.transitions.PlanCompleted(
      task.lease, BlobRef{blob.sha256, blob.bytes}, planned->summary,
      NextTask{deps_.ids.Make(kTaskPrefix), Json::object()}));
  LogInfo("planned", {{"mix_method", planned->plan.method},
                      {"rows_mixed", std::to_string(planned->plan.rows.size())}});
  if (deps_.on_planned) {
    deps_.on_planned(planned->plan.method, static_cast<int64_t>(planned->plan.rows.size()));
  }
  return absl::OkStatus();
}

bool Planner::RunOne() {
  auto claimed = deps_.tasks.Claim(worker_id_, {TaskKind::kPlan}, lease_.ttl, claim_in_doubt_);
  claim_in_doubt_ = absl::IsUnavailable(claimed.status());
  if (!claimed.ok()) {
    LogWarning("cannot look for plan tasks", {{"error", claimed.status().ToString()}});
    return false;
  }
  if (!claimed->has_value()) return false;
  const ClaimedTask& task = **claimed;
  const LogScope scope{{"job", task.job_id},
                       {"task", task.lease.task_id},
                       {"project", task.project_id},
                       {"trace_id", task.trace_id}};
  const auto start = std::chrono::steady_clock::now();
  absl::Status status;
  {
    // A lost lease needs no message to the thread that plans: its writes are fenced.
    Periodic heartbeat(lease_.heartbeat, [&] {
      (void)deps_.tasks.Heartbeat(task.lease, lease_.ttl, Json::object());
      return false;
    });
    status = Carry(task);
  }
  if (deps_.on_task) {
    deps_.on_task(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  if (status.ok()) return true;
  LogWarning("a plan task was given back", {{"error", status.ToString()}});
  (void)deps_.tasks.Drain(task.lease);  // when that fails too, the lease ends by itself
  return false;
}

}  // namespace tuneward
