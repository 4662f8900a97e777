// A migrated database with one project, one base model and one policy, and short ways to bring a
// job to a place.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/store/pg/audit_log.h"
#include "core/store/pg/base_model_store.h"
#include "core/store/pg/file_store.h"
#include "core/store/pg/job_store.h"
#include "core/store/pg/model_store.h"
#include "core/store/pg/policy_store.h"
#include "core/store/pg/project_store.h"
#include "core/store/pg/task_store.h"
#include "core/store/pg/transition_store.h"
#include "tests/support/pg_test.h"

namespace tuneward {

inline constexpr std::chrono::seconds kTtl{20};
inline constexpr char kProject[] = "acme";
inline constexpr char kBase[] = "nano-1";

class StoreTest : public PgTest {
 protected:
  void SetUp() override {
    PgTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    projects_.emplace(*pool_);
    files_.emplace(*pool_);
    bases_.emplace(*pool_);
    policies_.emplace(*pool_);
    jobs_.emplace(*pool_);
    tasks_.emplace(*pool_);
    steps_.emplace(*pool_);
    models_.emplace(*pool_);
    MakeProject(kProject, false);
    ASSERT_TRUE(policies_->Put("default", {{"mix", "paraphrase"}}, "key-op").ok());
    Sql("insert into blobs (sha256, bytes) values ('\\x" + Tree("base").sha256.Hex() + "', 1)");
    BaseModelRecord base;
    base.id = kBase;
    base.tree_sha256 = Tree("base").sha256;
    base.family = "llama";
    base.chat_template = "tuneward/1";
    base.context = 1024;
    base.pool = base.eval_set = "sandbox@2";
    ASSERT_TRUE(bases_->Register(base, "key-op").ok());
  }

  void MakeProject(const std::string& id, bool sealed) {
    ProjectRecord project;
    project.id = project.display_name = id;
    project.sealed = sealed;
    const auto made = projects_->CreateProject(project, "key-op");
    ASSERT_TRUE(made.ok()) << made.status();
  }

  static BlobRef Tree(const std::string& name) {
    return {Sha256Of(name), static_cast<int64_t>(name.size())};
  }

  static JobRecord NewJob(const std::string& id, const std::string& project = kProject) {
    JobRecord job;
    job.id = id;
    job.project_id = project;
    job.spec = {{"base_model", kBase}};
    job.resolved = {{"epochs", 2}};
    job.base_model_id = kBase;
    job.policy_id = "default";
    job.policy_version = 1;
    job.seed = 7;
    job.metadata = {{"who", "me"}};
    return job;
  }

  void Create(const std::string& id, const std::string& project = kProject) {
    const auto made = jobs_->CreateJob(NewJob(id, project), "task-plan-" + id, {{"job", id}});
    ASSERT_TRUE(made.ok()) << made.status();
  }

  // Claims the one task of that kind; fails the test when there is none.
  ClaimedTask Claim(TaskKind kind) {
    const auto task = tasks_->Claim("wkr-1", {kind}, kTtl);
    EXPECT_TRUE(task.ok()) << task.status();
    EXPECT_TRUE(task.ok() && task->has_value()) << "no " << Name(kind) << " task to claim";
    return task.ok() && *task ? **task : ClaimedTask{};
  }

  absl::Status CompletePlan(const TaskLease& lease, const std::string& job) {
    return steps_->PlanCompleted(lease, Tree("plan of " + job), {{"rows", 5}},
                                 {"task-train-" + job, {{"job", job}}});
  }
  absl::Status StoreAdapter(const TaskLease& lease, const std::string& job) {
    ModelRecord model;
    model.id = ModelId(job);
    model.base_model_id = model.root_base_id = kBase;
    model.tree_sha256 = Tree("adapter of " + job).sha256;
    return steps_->AdapterStored(lease, model, {Tree("adapter of " + job)}, 1234,
                                 {"task-audit-" + job, {{"job", job}}});
  }
  absl::Status StoreReport(const TaskLease& lease, const std::string& job, Release verdict) {
    AuditRecord audit;
    audit.id = "aud-" + job;
    audit.report_sha256 = Tree("report of " + job).sha256;
    audit.profile = "quick";
    audit.policy_id = "default";
    audit.policy_version = 1;
    audit.fingerprint = "f";
    return steps_->ReportStored(lease, audit, {Tree("report of " + job)},
                                {verdict, {"because"}, 1});
  }
  static std::string ModelId(const std::string& job) { return "ft:nano-1:acme:x:" + job; }

  TaskLease ToQueued(const std::string& job) {
    Create(job);
    const TaskLease lease = Claim(TaskKind::kPlan).lease;
    EXPECT_TRUE(CompletePlan(lease, job).ok());
    return lease;
  }
  TaskLease ToPreparing(const std::string& job) {
    ToQueued(job);
    return Claim(TaskKind::kTrain).lease;
  }
  TaskLease ToTraining(const std::string& job) {
    const TaskLease lease = ToPreparing(job);
    EXPECT_TRUE(steps_->FirstStep(lease).ok());
    return lease;
  }
  TaskLease ToAuditing(const std::string& job) {
    EXPECT_TRUE(StoreAdapter(ToTraining(job), job).ok());
    return Claim(TaskKind::kAudit).lease;
  }

  JobRecord Job(const std::string& id) {
    const auto job = jobs_->GetJobById(id);
    EXPECT_TRUE(job.ok()) << job.status();
    return job.value_or(JobRecord{});
  }
  std::string Place(const std::string& id) {
    const JobPosition p = Job(id).position;
    return std::string(Name(p.state)) + "/" + std::string(Name(p.stage));
  }
  std::string TaskState(const std::string& id) {
    const auto task = tasks_->Get(id);
    return task.ok() ? std::string(Name(task->state)) : std::string(task.status().message());
  }
  // Types of the job's events, and whether their numbers have no gap.
  std::vector<std::string> EventTypes(const std::string& id) {
    std::vector<std::string> types;
    const auto events = jobs_->ListEvents(id, 0, 1000);
    EXPECT_TRUE(events.ok()) << events.status();
    for (const EventRecord& e : *events) {
      types.push_back(e.event.type);
      EXPECT_EQ(e.seq, static_cast<int64_t>(types.size()));
    }
    EXPECT_EQ(Job(id).event_seq, static_cast<int64_t>(types.size()));
    return types;
  }
  void Expire(const std::string& task) {
    Sql("update tasks set lease_until = clock_timestamp() - interval '1 s' where id = '" + task +
        "'");
  }
  void MakeReady(const std::string& task) {
    Sql("update tasks set run_after = clock_timestamp() where id = '" + task + "'");
  }
  // Everything a stale write could have changed, as text.
  std::string Everything() {
    std::string all;
    for (const char* table : {"jobs", "job_events", "job_metrics", "plans", "checkpoints", "models",
                              "audits", "release_decisions", "tasks"}) {
      all += Sql(
          std::string("select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from ") +
          table + " t");
    }
    return all;
  }

  std::optional<ProjectStore> projects_;
  std::optional<FileStore> files_;
  std::optional<BaseModelStore> bases_;
  std::optional<PolicyStore> policies_;
  std::optional<JobStore> jobs_;
  std::optional<TaskStore> tasks_;
  std::optional<TransitionStore> steps_;
  std::optional<ModelStore> models_;
};

inline std::string Reason(const absl::Status& status) { return GetErrorInfo(status).reason; }

}  // namespace tuneward
