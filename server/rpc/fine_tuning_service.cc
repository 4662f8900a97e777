#include "server/rpc/fine_tuning_service.h"

#include <chrono>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "server/resource_names.h"
#include "server/rpc/convert.h"

namespace tuneward {
namespace {

constexpr int kEventsAtOnce = 200;
constexpr std::chrono::milliseconds kLookEvery{1000};
constexpr int64_t kRetryAfterMs = 200;

absl::Status NotThere(const JobRecord& job, const std::string& what) {
  const std::string state(Name(job.position.state));
  return MakeError(absl::StatusCode::kFailedPrecondition, "BAD_STATE",
                   absl::StrCat("the job has no ", what, " in state ", state), {{"state", state}});
}

}  // namespace

absl::StatusOr<v1::Job> FineTuningServiceImpl::Describe(const JobRecord& job) {
  TW_ASSIGN_OR_RETURN(const std::shared_ptr<const PolicyDocument> policy,
                      deps_.policies.Get(job.policy_id, job.policy_version));
  TW_ASSIGN_OR_RETURN(v1::Job described, ToProto(job, *policy));
  AddEstimate(deps_.clock.Now(), described);
  return described;
}

grpc::Status FineTuningServiceImpl::CreateJob(grpc::ServerContext* context,
                                              const v1::CreateJobRequest* request,
                                              v1::Job* response) {
  return deps_.guard.Run(
      *context, CallClass::kWrite, kScopeJobsWrite, [&](const Caller& caller) -> absl::Status {
        TW_ASSIGN_OR_RETURN(const std::string project,
                            ParseProjectName(request->parent(), "parent"));
        TW_RETURN_IF_ERROR(CheckProject(caller, project, request->parent()));
        TW_ASSIGN_OR_RETURN(const Idempotency idempotency,
                            ToIdempotency(project, "CreateJob", *request));
        TW_ASSIGN_OR_RETURN(JobSpec spec, ToJobSpec(request->job(), project));
        TW_ASSIGN_OR_RETURN(
            const JobRecord job,
            deps_.submitter.CreateJob(project, std::move(spec), idempotency, caller.trace_id));
        LogInfo("job created", {{"job", job.id}});
        TW_ASSIGN_OR_RETURN(*response, Describe(job));
        return absl::OkStatus();
      });
}

grpc::Status FineTuningServiceImpl::GetJob(grpc::ServerContext* context,
                                           const v1::GetJobRequest* request, v1::Job* response) {
  return deps_.guard.Run(
      *context, CallClass::kRead, kScopeJobsRead, [&](const Caller& caller) -> absl::Status {
        TW_ASSIGN_OR_RETURN(const ResourceName name, ParseJobName(request->name(), "name"));
        TW_RETURN_IF_ERROR(CheckProject(caller, name.project, request->name()));
        TW_ASSIGN_OR_RETURN(const JobRecord job, deps_.jobs.GetJob(name.project, name.id));
        TW_ASSIGN_OR_RETURN(*response, Describe(job));
        return absl::OkStatus();
      });
}

grpc::Status FineTuningServiceImpl::ListJobs(grpc::ServerContext* context,
                                             const v1::ListJobsRequest* request,
                                             v1::ListJobsResponse* response) {
  return deps_.guard.Run(
      *context, CallClass::kRead, kScopeJobsRead, [&](const Caller& caller) -> absl::Status {
        TW_ASSIGN_OR_RETURN(const std::string project,
                            ParseProjectName(request->parent(), "parent"));
        TW_RETURN_IF_ERROR(CheckProject(caller, project, request->parent()));
        TW_ASSIGN_OR_RETURN(
            const PageRequest page,
            ToPage(request->page_size(), request->page_token(), 50, 500, kJobPrefix));
        TW_ASSIGN_OR_RETURN(const Page<JobRecord> jobs, deps_.jobs.ListJobs(project, page));
        for (const JobRecord& job : jobs.rows) {
          TW_ASSIGN_OR_RETURN(*response->add_jobs(), Describe(job));
        }
        response->set_next_page_token(jobs.next_token);
        return absl::OkStatus();
      });
}

grpc::Status FineTuningServiceImpl::CancelJob(grpc::ServerContext* context,
                                              const v1::CancelJobRequest* request,
                                              v1::Job* response) {
  return deps_.guard.Run(
      *context, CallClass::kWrite, kScopeJobsWrite, [&](const Caller& caller) -> absl::Status {
        TW_ASSIGN_OR_RETURN(const ResourceName name, ParseJobName(request->name(), "name"));
        TW_RETURN_IF_ERROR(CheckProject(caller, name.project, request->name()));
        TW_ASSIGN_OR_RETURN(const JobRecord job, deps_.jobs.CancelJob(name.project, name.id));
        TW_ASSIGN_OR_RETURN(*response, Describe(job));
        return absl::OkStatus();
      });
}

grpc::Status FineTuningServiceImpl::ListEvents(grpc::ServerContext* context,
                                               const v1::ListEventsRequest* request,
                                               v1::ListEventsResponse* response) {
  return deps_.guard.Run(
      *context, CallClass::kRead, kScopeJobsRead, [&](const Caller& caller) -> absl::Status {
        TW_ASSIGN_OR_RETURN(const ResourceName name, ParseJobName(request->parent(), "parent"));
        TW_RETURN_IF_ERROR(CheckProject(caller, name.project, request->parent()));
        TW_ASSIGN_OR_RETURN(const PageRequest page,
                            ToPage(request->page_size(), request->page_token(), 100, 1000, ""));
        int64_t after = 0;  // the token is the number of the last event
        if (!page.token.empty() && (!absl::SimpleAtoi(page.token, &after) || after < 0)) {
          Violations problems;
          problems.Add("page_token", "must be the next_page_token of a page of this listing");
          return problems.ToStatus();
        }
        TW_RETURN_IF_ERROR(deps_.jobs.GetJob(name.project, name.id).status());
        TW_ASSIGN_OR_RETURN(const std::vector<EventRecord> events,
                            deps_.jobs.ListEvents(name.id, after, page.size));
        for (const EventRecord& event : events)
          *response->add_events() = ToProto(event, name.project);
        if (static_cast<int>(events.size()) == page.size)
          response->set_next_page_token(absl::StrCat(events.back().seq));
        return absl::OkStatus();
      });
}

grpc::Status FineTuningServiceImpl::WatchJob(grpc::ServerContext* context,
                                             const v1::WatchJobRequest* request,
                                             grpc::ServerWriter<v1::WatchJobResponse>* writer) {
  return deps_.guard.Run(
      *context, CallClass::kWatch, kScopeJobsRead, [&](const Caller& caller) -> absl::Status {
        TW_ASSIGN_OR_RETURN(const ResourceName name, ParseJobName(request->name(), "name"));
        TW_RETURN_IF_ERROR(CheckProject(caller, name.project, request->name()));
        if (request->after_seq() < 0) {
          Violations problems;
          problems.Add("after_seq",
                       absl::StrCat("must not be negative, got ", request->after_seq()));
          return problems.ToStatus();
        }
        TW_ASSIGN_OR_RETURN(const JobRecord job, deps_.jobs.GetJob(name.project, name.id));
        return Watch(*context, job, request->after_seq(), *writer);
      });
}

absl::Status FineTuningServiceImpl::Watch(grpc::ServerContext& context, JobRecord job,
                                          int64_t after_seq,
                                          grpc::ServerWriter<v1::WatchJobResponse>& writer) {
  JobChanges::Subscription subscription(deps_.changes, job.id);
  std::string last_sent;
  while (true) {
    // The job is read before its events: when it has ended, its last event is there already.
    TW_ASSIGN_OR_RETURN(v1::Job described, Describe(job));
    v1::WatchJobResponse response;
    v1::Job compared = described;  // an estimate alone is no news
    if (compared.has_progress()) compared.mutable_progress()->clear_estimated_finish_time();
    if (std::string bytes = compared.SerializeAsString(); bytes != last_sent) {
      last_sent = std::move(bytes);
      *response.mutable_job() = std::move(described);
      if (!writer.Write(response)) return absl::CancelledError("the client is gone");
    }
    while (true) {
      TW_ASSIGN_OR_RETURN(const std::vector<EventRecord> events,
                          deps_.jobs.ListEvents(job.id, after_seq, kEventsAtOnce));
      for (const EventRecord& event : events) {
        *response.mutable_event() = ToProto(event, job.project_id);
        if (!writer.Write(response)) return absl::CancelledError("the client is gone");
        after_seq = event.seq;
      }
      if (static_cast<int>(events.size()) < kEventsAtOnce) break;
    }
    if (IsTerminal(job.position.state)) return absl::OkStatus();
    subscription.Wait(kLookEvery);
    if (context.IsCancelled()) return absl::CancelledError("the client is gone");
    if (deps_.changes.closed()) {
      return MakeError(
          absl::StatusCode::kUnavailable, "the server shuts down; watch again from the last event",
          ErrorInfo{
              "SERVER_SHUTDOWN", {{"after_seq", absl::StrCat(after_seq)}}, {}, kRetryAfterMs});
    }
    TW_ASSIGN_OR_RETURN(job, deps_.jobs.GetJob(job.project_id, job.id));
  }
}

grpc::Status FineTuningServiceImpl::GetJobPlan(grpc::ServerContext* context,
                                               const v1::GetJobPlanRequest* request,
                                               v1::JobPlan* response) {
  return deps_.guard.Run(
      *context, CallClass::kRead, kScopeJobsRead, [&](const Caller& caller) -> absl::Status {
        TW_ASSIGN_OR_RETURN(const ResourceName name, ParsePlanName(request->name(), "name"));
        TW_RETURN_IF_ERROR(CheckProject(caller, name.project, request->name()));
        TW_ASSIGN_OR_RETURN(const JobRecord job, deps_.jobs.GetJob(name.project, name.id));
        const absl::StatusOr<PlanRecord> plan = deps_.jobs.GetPlan(name.id);
        if (absl::IsNotFound(plan.status())) return NotThere(job, "plan");
        TW_RETURN_IF_ERROR(plan.status());
        TW_ASSIGN_OR_RETURN(std::string document, deps_.blobs.Read(plan->plan_sha256));
        TW_ASSIGN_OR_RETURN(*response, ToPlanProto(job, *plan, std::move(document)));
        return absl::OkStatus();
      });
}

grpc::Status FineTuningServiceImpl::GetAuditReport(grpc::ServerContext* context,
                                                   const v1::GetAuditReportRequest* request,
                                                   v1::AuditReport* response) {
  return deps_.guard.Run(
      *context, CallClass::kRead, kScopeJobsRead, [&](const Caller& caller) -> absl::Status {
        TW_ASSIGN_OR_RETURN(const ResourceName name, ParseJobName(request->name(), "name"));
        TW_RETURN_IF_ERROR(CheckProject(caller, name.project, request->name()));
        TW_ASSIGN_OR_RETURN(const JobRecord job, deps_.jobs.GetJob(name.project, name.id));
        const absl::StatusOr<AuditRecord> audit = deps_.models.GetAudit(name.id);
        if (absl::IsNotFound(audit.status())) return NotThere(job, "audit report");
        TW_RETURN_IF_ERROR(audit.status());
        TW_ASSIGN_OR_RETURN(const std::vector<ReleaseDecisionRecord> decisions,
                            deps_.models.Decisions(audit->model_id));
        TW_ASSIGN_OR_RETURN(std::string document, deps_.blobs.Read(audit->report_sha256));
        TW_ASSIGN_OR_RETURN(*response, ToReportProto(*audit, decisions, std::move(document)));
        return absl::OkStatus();
      });
}

}  // namespace tuneward
