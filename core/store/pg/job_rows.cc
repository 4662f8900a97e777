#include "core/store/pg/job_rows.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/store/pg/conversions.h"

namespace tuneward {
namespace {

std::string Words(const JobPosition& position) {
  return absl::StrCat("the job is ", std::string(Name(position.state)), ", stage ",
                      std::string(Name(position.stage)));
}

JobError ReadError(const Json& json) {
  return {json.value("code", ""), json.value("param", ""), json.value("message", "")};
}

}  // namespace

absl::StatusOr<LockedJob> LockJob(pqxx::work& tx, const std::string& job_id) {
  const pqxx::result rows = tx.exec_prepared("job_lock", job_id);
  if (rows.empty()) return NotFound("job", job_id);
  const auto& row = rows[0];
  return LockedJob{row[0].c_str(),
                   row[1].c_str(),
                   {Known(ParseJobState(row[2].c_str())), Known(ParseJobStage(row[3].c_str()))},
                   row[4].as<bool>(),
                   row[5].c_str()};
}

absl::Status MoveJob(pqxx::work& tx, LockedJob& job, JobTrigger trigger,
                     const std::optional<JobError>& error, const std::string& message) {
  TW_ASSIGN_OR_RETURN(const JobPosition to, Next(job.position, trigger));
  if (to == job.position) return absl::OkStatus();
  std::optional<std::string> error_text;
  if (to.state == JobState::kFailed)
    error_text = TextOf(error.value_or(JobError{"server_error", "", ""}).ToJson());
  const std::string state(Name(to.state)), stage(Name(to.stage));
  const pqxx::result moved = tx.exec_prepared("job_move", job.id, state, stage, error_text,
                                              std::string(Name(job.position.state)),
                                              std::string(Name(job.position.stage)));
  if (moved.empty())
    return absl::InternalError(absl::StrCat("job ", job.id, " moved although it was locked"));
  job.position = to;
  JobEvent event{kLevelInfo,
                 kEventState,
                 message.empty() ? Words(to) : message,
                 {{"state", state}, {"stage", stage}}};
  if (to.state == JobState::kFailed) {
    event.level = kLevelError;
    if (error) {
      event.message = error->message;
      event.data["error"] = error->ToJson();
    }
  }
  AddEvent(tx, job.id, event);
  return absl::OkStatus();
}

void AddEvent(pqxx::work& tx, const std::string& job_id, const JobEvent& event) {
  tx.exec_prepared("event_add", job_id, event.level, event.type, event.message, TextOf(event.data));
}

void NotifyJob(pqxx::work& tx, const std::string& job_id) {
  tx.exec_prepared("job_notify", job_id);
}

void PutBlobs(pqxx::work& tx, const std::vector<BlobRef>& blobs) {
  for (const BlobRef& blob : blobs) tx.exec_prepared("blob_put", Bytea(blob.sha256), blob.bytes);
}

void InsertTask(pqxx::work& tx, const std::string& id, const LockedJob& job, TaskKind kind,
                const Json& payload) {
  tx.exec_prepared("task_insert", id, job.project_id, job.id, std::string(Name(kind)),
                   TextOf(payload));
}

JobRecord ReadJob(const pqxx::row& row) {
  JobRecord job;
  job.id = row[0].c_str();
  job.project_id = row[1].c_str();
  job.position = {Known(ParseJobState(row[2].c_str())), Known(ParseJobStage(row[3].c_str()))};
  job.spec = JsonOf(row[4]);
  job.resolved = JsonOf(row[5]);
  job.base_model_id = row[6].c_str();
  job.policy_id = row[7].c_str();
  job.policy_version = row[8].as<int64_t>();
  job.seed = row[9].as<int64_t>();
  job.engine_mode = row[10].c_str();
  job.plan_sha256 = OptionalDigestOf(row[11]);
  if (!row[12].is_null()) job.error = ReadError(JsonOf(row[12]));
  job.cancel_requested = row[13].as<bool>();
  job.event_seq = row[14].as<int64_t>();
  job.trained_tokens = row[15].as<int64_t>();
  job.metadata = JsonOf(row[16]);
  job.etag = row[17].c_str();
  job.created_at = TimeOf(row[18]);
  job.finished_at = OptionalTimeOf(row[19]);
  job.model_id = row[20].c_str();
  job.train_progress = JsonOf(row[21]);
  job.task_progress = JsonOf(row[22]);
  job.trace_id = row[23].c_str();
  return job;
}

ModelRecord ReadModel(const pqxx::row& row) {
  return {row[0].c_str(),    row[1].c_str(),   row[2].c_str(), row[3].c_str(),
          row[4].c_str(),    DigestOf(row[5]), JsonOf(row[6]), Known(ParseRelease(row[7].c_str())),
          row[8].as<bool>(), TimeOf(row[9])};
}

absl::Status TakeReleaseStep(pqxx::work& tx, const ModelRecord& model, const ReleaseStep& v) {
  TW_RETURN_IF_ERROR(CheckRelease(model.release, v.verdict, v.actor_kind, model.sealed));
  const std::string verdict(Name(v.verdict));
  tx.exec_prepared("decision_add", model.id, model.project_id, verdict, TextOf(v.reasons), v.actor,
                   v.policy_version, NullIfEmpty(v.audit_id));
  if (tx.exec_prepared("model_set_release", model.id, verdict, std::string(Name(model.release)))
          .empty()) {
    return absl::InternalError(absl::StrCat("model ", model.id, " moved although it was locked"));
  }
  const bool released = v.verdict == Release::kReleased;
  AddEvent(tx, model.job_id,
           {released ? kLevelInfo : kLevelWarn,
            kEventRelease,
            absl::StrCat("the model is ", verdict, " by ", v.actor, v.reasons.empty() ? "" : ": ",
                         absl::StrJoin(v.reasons, "; ")),
            {{"model", model.id}, {"release", verdict}, {"reasons", v.reasons}}});
  return absl::OkStatus();
}

}  // namespace tuneward
