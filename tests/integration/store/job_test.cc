// Creating, reading, listing and cancelling jobs.
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "core/store/pg/job_listener.h"
#include "tests/integration/store/store_fixture.h"

namespace tuneward {
namespace {

using JobStoreTest = StoreTest;

TEST_F(JobStoreTest, CreateJobWritesJobTaskAndEvent) {
  Create("ftjob-1");
  const auto job = jobs_->GetJob(kProject, "ftjob-1");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(Place("ftjob-1"), "VALIDATING_FILES/VALIDATING");
  EXPECT_EQ(job->spec, Json({{"base_model", kBase}}));
  EXPECT_EQ(job->resolved, Json({{"epochs", 2}}));
  EXPECT_EQ(job->metadata, Json({{"who", "me"}}));
  EXPECT_EQ(job->seed, 7);
  EXPECT_EQ(job->policy_version, 1);
  EXPECT_FALSE(job->cancel_requested);
  EXPECT_EQ(job->model_id, "");
  EXPECT_FALSE(job->finished_at.has_value());
  EXPECT_GT(job->created_at.time_since_epoch().count(), 1700000000000000);
  EXPECT_EQ(TaskState("task-plan-ftjob-1"), "queued");
  EXPECT_EQ(EventTypes("ftjob-1"), std::vector<std::string>{"state"});
}

TEST_F(JobStoreTest, RepeatedRequestGivesTheFirstJob) {
  const Idempotency request{kProject, "CreateJob", "req-1", Sha256Of("body")};
  ASSERT_TRUE(jobs_->CreateJob(NewJob("ftjob-1"), "task-1", Json::object(), request).ok());
  const auto again = jobs_->CreateJob(NewJob("ftjob-2"), "task-2", Json::object(), request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->record.id, "ftjob-1");
  EXPECT_EQ(Sql("select count(*) from jobs"), "1");
  EXPECT_EQ(Sql("select count(*) from tasks"), "1");
}

TEST_F(JobStoreTest, ReusedRequestIdIsRefusedWithTheFirstResource) {
  ASSERT_TRUE(jobs_
                  ->CreateJob(NewJob("ftjob-1"), "task-1", Json::object(),
                              {kProject, "CreateJob", "req-1", Sha256Of("body")})
                  .ok());
  const auto other = jobs_->CreateJob(NewJob("ftjob-2"), "task-2", Json::object(),
                                      {kProject, "CreateJob", "req-1", Sha256Of("other")});
  EXPECT_EQ(other.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Reason(other.status()), "REQUEST_ID_REUSED");
  EXPECT_EQ(GetErrorInfo(other.status()).metadata.at("resource"), "ftjob-1");
  // Another project or method is another scope.
  EXPECT_TRUE(jobs_
                  ->CreateJob(NewJob("ftjob-3"), "task-3", Json::object(),
                              {"other", "CreateJob", "req-1", Sha256Of("other")})
                  .ok());
}

TEST_F(JobStoreTest, ConcurrentRequestsWithOneIdMakeOneJob) {
  constexpr int kThreads = 6;
  std::vector<std::string> ids(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const std::string n = std::to_string(t);
      const auto made = jobs_->CreateJob(NewJob("ftjob-" + n), "task-" + n, Json::object(),
                                         {kProject, "CreateJob", "same", Sha256Of("body")});
      ids[t] = made.ok() ? made->record.id : std::string(made.status().message());
    });
  }
  for (auto& thread : threads) thread.join();
  for (const std::string& id : ids) EXPECT_EQ(id, ids[0]);
  EXPECT_EQ(Sql("select count(*) from jobs"), "1");
}

TEST_F(JobStoreTest, FailedCreateLeavesNothing) {
  JobRecord job = NewJob("ftjob-1");
  job.base_model_id = "unknown";
  EXPECT_FALSE(
      jobs_->CreateJob(job, "task-1", Json::object(), {kProject, "CreateJob", "r", Sha256Of("b")})
          .ok());
  EXPECT_EQ(Sql("select (select count(*) from jobs) + (select count(*) from tasks) + (select "
                "count(*) from idempotency)"),
            "0");
}

TEST_F(JobStoreTest, OtherProjectsDoNotSeeAJob) {
  MakeProject("other", false);
  Create("ftjob-1");
  EXPECT_EQ(Reason(jobs_->GetJob("other", "ftjob-1").status()), "NOT_FOUND");
  EXPECT_EQ(Reason(jobs_->GetJob("", "ftjob-1").status()), "NOT_FOUND");
  EXPECT_EQ(Reason(jobs_->CancelJob("other", "ftjob-1").status()), "NOT_FOUND");
  EXPECT_EQ(Reason(jobs_->CancelJob("", "ftjob-1").status()), "NOT_FOUND");
  EXPECT_TRUE(jobs_->ListJobs("other", {})->rows.empty());
}

TEST_F(JobStoreTest, ListJobsPagesNewestFirst) {
  for (const char* id : {"ftjob-1", "ftjob-2", "ftjob-3", "ftjob-4", "ftjob-5"}) Create(id);
  std::vector<std::string> seen;
  PageRequest request{2, ""};
  do {
    const auto page = jobs_->ListJobs(kProject, request);
    ASSERT_TRUE(page.ok());
    EXPECT_LE(page->rows.size(), 2u);
    for (const JobRecord& job : page->rows) seen.push_back(job.id);
    request.token = page->next_token;
  } while (!request.token.empty());
  EXPECT_EQ(seen,
            (std::vector<std::string>{"ftjob-5", "ftjob-4", "ftjob-3", "ftjob-2", "ftjob-1"}));
}

TEST_F(JobStoreTest, CancelOfAWaitingJobCancelsItsTask) {  // row 15
  Create("ftjob-1");
  const auto job = jobs_->CancelJob(kProject, "ftjob-1");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(Place("ftjob-1"), "CANCELLED/VALIDATING");
  EXPECT_TRUE(job->finished_at.has_value());
  EXPECT_EQ(TaskState("task-plan-ftjob-1"), "cancelled");
  ToQueued("ftjob-2");
  ASSERT_TRUE(jobs_->CancelJob(kProject, "ftjob-2").ok());
  EXPECT_EQ(Place("ftjob-2"), "CANCELLED/QUEUED");
  EXPECT_FALSE(tasks_->Claim("wkr-1", {TaskKind::kTrain}, kTtl)->has_value());
}

TEST_F(JobStoreTest, CancelTakesTheTaskFromAPlannerAtWork) {
  Create("ftjob-1");
  const TaskLease lease = Claim(TaskKind::kPlan).lease;
  ASSERT_TRUE(jobs_->CancelJob(kProject, "ftjob-1").ok());
  EXPECT_EQ(Reason(CompletePlan(lease, "ftjob-1")), "LEASE_LOST");
  EXPECT_EQ(Place("ftjob-1"), "CANCELLED/VALIDATING");
}

TEST_F(JobStoreTest, CancelOfARunningJobIsARequestOnce) {  // row 16
  const TaskLease lease = ToTraining("ftjob-1");
  const auto job = jobs_->CancelJob(kProject, "ftjob-1");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_TRUE(job->cancel_requested);
  EXPECT_EQ(Place("ftjob-1"), "RUNNING/TRAINING");
  const size_t events = EventTypes("ftjob-1").size();
  EXPECT_TRUE(jobs_->CancelJob(kProject, "ftjob-1").ok());
  EXPECT_EQ(EventTypes("ftjob-1").size(), events);
  EXPECT_TRUE(tasks_->Heartbeat(lease, kTtl, Json())->cancel_requested);
  ASSERT_TRUE(steps_->JobCancelled(lease).ok());
  EXPECT_EQ(Place("ftjob-1"), "CANCELLED/TRAINING");
  EXPECT_EQ(TaskState("task-train-ftjob-1"), "cancelled");
}

TEST_F(JobStoreTest, CancelOfAnEndedJobIsBadState) {
  Create("ftjob-1");
  ASSERT_TRUE(jobs_->CancelJob(kProject, "ftjob-1").ok());
  const auto again = jobs_->CancelJob(kProject, "ftjob-1");
  EXPECT_EQ(again.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Reason(again.status()), "BAD_STATE");
  EXPECT_EQ(GetErrorInfo(again.status()).metadata.at("state"), "CANCELLED");
}

TEST_F(JobStoreTest, EventsAndMetricsComeInOrderAfterANumber) {
  const TaskLease lease = ToTraining("ftjob-1");
  ASSERT_TRUE(steps_
                  ->Append(lease, {{kLevelInfo, kEventMetrics, "step 1", {{"loss", 2.5}}}},
                           {{1, {{"loss", 2.5}}}, {2, {{"loss", 2.0}}}})
                  .ok());
  ASSERT_TRUE(steps_->Append(lease, {}, {{2, {{"loss", 99}}}, {3, {{"loss", 1.5}}}}).ok());
  const int64_t last = Job("ftjob-1").event_seq;
  const auto events = jobs_->ListEvents("ftjob-1", last - 1, 10);
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ(events->at(0).event.message, "step 1");
  EXPECT_EQ(events->at(0).event.data, Json({{"loss", 2.5}}));
  EXPECT_EQ(jobs_->ListEvents("ftjob-1", 0, 2)->size(), 2u);
  const auto metrics = jobs_->ListMetrics("ftjob-1", 1, 10);
  ASSERT_EQ(metrics->size(), 2u);
  EXPECT_EQ(metrics->at(0).data, Json({{"loss", 2.0}})) << "a step that is there stays";
  EXPECT_EQ(metrics->at(1).step, 3);
}

TEST_F(JobStoreTest, TheTraceIdStaysWithTheJobAndReachesEveryClaim) {
  JobRecord job = NewJob("ftjob-1");
  job.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  ASSERT_TRUE(jobs_->CreateJob(job, "task-1", Json::object()).ok());
  EXPECT_EQ(jobs_->GetJob(kProject, "ftjob-1")->trace_id, job.trace_id);
  EXPECT_EQ(jobs_->ListJobs(kProject, {})->rows.at(0).trace_id, job.trace_id);
  const ClaimedTask plan = Claim(TaskKind::kPlan);
  EXPECT_EQ(plan.trace_id, job.trace_id);
  ASSERT_TRUE(CompletePlan(plan.lease, "ftjob-1").ok());
  EXPECT_EQ(Claim(TaskKind::kTrain).trace_id, job.trace_id);
  Sql("update tasks set lease_until = clock_timestamp() - interval '1 s' where state = 'running'");
  const auto swept = tasks_->Sweep();
  ASSERT_EQ(swept->size(), 1u);
  EXPECT_EQ(swept->at(0).trace_id, job.trace_id);
  EXPECT_EQ(swept->at(0).project_id, kProject);
}

TEST_F(JobStoreTest, ListenerHearsOfAChange) {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> heard;
  JobListener listener(dsn_, [&](const std::string& job) {
    std::lock_guard lock(mutex);
    heard.insert(job);
    changed.notify_all();
  });
  // Until the listener is connected hints are lost, so there is one for each of some jobs.
  std::unique_lock lock(mutex);
  for (int i = 0; i < 100 && heard.empty(); ++i) {
    Create("ftjob-" + std::to_string(i));
    changed.wait_for(lock, std::chrono::milliseconds(100), [&] { return !heard.empty(); });
  }
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard.begin()->substr(0, 6), "ftjob-");
}

}  // namespace
}  // namespace tuneward
