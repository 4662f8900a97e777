// contracts.md D4: claim, renew, expiry, sweep, drain.
#include <mutex>
#include <set>
#include <thread>

#include "core/store/pg/fenced.h"
#include "tests/integration/store/store_fixture.h"

namespace tuneward {
namespace {

using LeaseTest = StoreTest;

TEST_F(LeaseTest, ClaimTakesTheOldestReadyTaskOfAKindOnce) {
  Create("ftjob-1");
  Create("ftjob-2");
  EXPECT_FALSE(tasks_->Claim("wkr-1", {TaskKind::kTrain, TaskKind::kAudit}, kTtl)->has_value());
  const ClaimedTask first = Claim(TaskKind::kPlan);
  const ClaimedTask second = Claim(TaskKind::kPlan);
  EXPECT_EQ(first.job_id, "ftjob-1");
  EXPECT_EQ(second.job_id, "ftjob-2");
  EXPECT_GT(second.lease.fence, first.lease.fence);
  EXPECT_FALSE(tasks_->Claim("wkr-1", {TaskKind::kPlan}, kTtl)->has_value());
  const auto task = tasks_->Get(first.lease.task_id);
  EXPECT_EQ(task->worker_id, "wkr-1");
  EXPECT_TRUE(task->started_at.has_value());
  ASSERT_TRUE(task->lease_until.has_value());
  const auto length = *task->lease_until - *task->started_at;
  EXPECT_GT(length, std::chrono::seconds(19));
  EXPECT_LT(length, std::chrono::seconds(21));
}

TEST_F(LeaseTest, ConcurrentClaimersNeverShareATask) {
  constexpr int kTasks = 60, kThreads = 6;
  for (int i = 0; i < kTasks; ++i) Create("ftjob-" + std::to_string(100 + i));
  std::mutex mutex;
  std::set<std::string> ids;
  std::set<int64_t> fences;
  int claims = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (;;) {
        const auto task = tasks_->Claim("wkr-" + std::to_string(t), {TaskKind::kPlan}, kTtl);
        if (!task.ok() || !task->has_value()) return;
        std::lock_guard lock(mutex);
        ++claims;
        ids.insert((*task)->lease.task_id);
        fences.insert((*task)->lease.fence);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(claims, kTasks);
  EXPECT_EQ(ids.size(), static_cast<size_t>(kTasks));
  EXPECT_EQ(fences.size(), static_cast<size_t>(kTasks));
}

TEST_F(LeaseTest, TasksOfSharedJobsOnOneBaseAreClaimedTogether) {
  for (int i = 1; i <= 6; ++i) ToQueued("ftjob-" + std::to_string(i));
  Sql("update jobs set engine_mode = 'shared' where id <> 'ftjob-2'");
  Sql("insert into base_models select 'other', tree_sha256, parent_id, family, chat_template, "
      "context, dims, pool, eval_set, defaults, state from base_models where id = 'nano-1'");
  Sql("update jobs set base_model_id = 'other' where id = 'ftjob-3'");
  const ClaimedTask first = **tasks_->Claim("w1", {TaskKind::kTrain}, kTtl);
  ASSERT_EQ(first.job_id, "ftjob-1");
  const auto beside = tasks_->ClaimBeside("w1", first, 2, kTtl);
  ASSERT_TRUE(beside.ok()) << beside.status();
  ASSERT_EQ(beside->size(), 2u);
  EXPECT_EQ(beside->at(0).job_id, "ftjob-4");
  EXPECT_EQ(beside->at(1).job_id, "ftjob-5");
  EXPECT_NE(beside->at(0).lease.fence, beside->at(1).lease.fence);
  EXPECT_EQ(jobs_->GetJob(kProject, "ftjob-4")->position.stage, JobStage::kPreparing);
  EXPECT_TRUE(tasks_->Heartbeat(beside->at(1).lease, kTtl, Json()).ok());
  EXPECT_TRUE(tasks_->ClaimBeside("w2", first, 2, kTtl)->empty()) << "not the holder";
  // An isolated job is alone, and so is one whose base nobody else waits for.
  const ClaimedTask isolated = **tasks_->Claim("w2", {TaskKind::kTrain}, kTtl);
  ASSERT_EQ(isolated.job_id, "ftjob-2");
  EXPECT_TRUE(tasks_->ClaimBeside("w2", isolated, 8, kTtl)->empty());
  const ClaimedTask other = **tasks_->Claim("w3", {TaskKind::kTrain}, kTtl);
  ASSERT_EQ(other.job_id, "ftjob-3");
  EXPECT_TRUE(tasks_->ClaimBeside("w3", other, 8, kTtl)->empty());
  EXPECT_EQ(tasks_->ClaimBeside("w1", first, 8, kTtl)->size(), 1u) << "the last one";
}

TEST_F(LeaseTest, ATaskThatLostItsWorkerIsNotClaimedWithOthers) {
  for (int i = 1; i <= 3; ++i) ToQueued("ftjob-" + std::to_string(i));
  Sql("update jobs set engine_mode = 'shared'");
  Sql("update tasks set deaths = 1 where job_id = 'ftjob-2'");
  const ClaimedTask first = **tasks_->Claim("w1", {TaskKind::kTrain}, kTtl);
  ASSERT_EQ(first.job_id, "ftjob-1");
  const ClaimedTask lost = **tasks_->Claim("w2", {TaskKind::kTrain}, kTtl);
  ASSERT_EQ(lost.job_id, "ftjob-2");
  EXPECT_TRUE(tasks_->ClaimBeside("w2", lost, 8, kTtl)->empty()) << "it takes nobody along";
  Sql("update tasks set state = 'queued', worker_id = null where job_id = 'ftjob-2' and kind = "
      "'train'");
  const auto beside = tasks_->ClaimBeside("w1", first, 8, kTtl);
  ASSERT_EQ(beside->size(), 1u);
  EXPECT_EQ(beside->at(0).job_id, "ftjob-3");
}

TEST_F(LeaseTest, HeartbeatRenewsAndShowsProgress) {
  const TaskLease lease = ToTraining("ftjob-1");
  const auto before = *tasks_->Get(lease.task_id)->lease_until;
  const auto reply = tasks_->Heartbeat(lease, std::chrono::seconds(60), {{"step", 3}});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_FALSE(reply->cancel_requested);
  EXPECT_FALSE(reply->pause_requested);
  EXPECT_GT(*tasks_->Get(lease.task_id)->lease_until, before + std::chrono::seconds(30));
  EXPECT_EQ(Job("ftjob-1").task_progress, Json({{"step", 3}}));
  EXPECT_EQ(Job("ftjob-1").train_progress, Json({{"step", 3}}));
}

TEST_F(LeaseTest, HeartbeatsAreHeapOnlyUpdates) {
  const TaskLease lease = ToTraining("ftjob-1");
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(tasks_->Heartbeat(lease, kTtl, {{"step", i}}).ok());
  pool_.reset();  // statistics are sent when a session ends
  const std::string hot =
      Sql("select pg_stat_clear_snapshot(), n_tup_hot_upd >= 25 from pg_stat_user_tables "
          "where relname = 'tasks'");
  EXPECT_EQ(hot, "|t");
}

TEST_F(LeaseTest, SweepLeavesLiveLeasesAlone) {
  ToTraining("ftjob-1");
  const auto swept = tasks_->Sweep();
  ASSERT_TRUE(swept.ok()) << swept.status();
  EXPECT_TRUE(swept->empty());
}

TEST_F(LeaseTest, ExpiredLeaseGoesBackToTheQueueWithAnEvent) {  // row 12
  const TaskLease lease = ToTraining("ftjob-1");
  Expire(lease.task_id);
  EXPECT_TRUE(tasks_->Heartbeat(lease, kTtl, Json()).ok())
      << "until somebody sweeps, a late heartbeat still renews";
  Expire(lease.task_id);
  const auto swept = tasks_->Sweep();
  ASSERT_TRUE(swept.ok()) << swept.status();
  ASSERT_EQ(swept->size(), 1u);
  EXPECT_EQ(swept->at(0).state, TaskState::kQueued);
  EXPECT_EQ(swept->at(0).deaths, 1);
  EXPECT_EQ(Place("ftjob-1"), "RUNNING/TRAINING");
  EXPECT_EQ(EventTypes("ftjob-1").back(), "worker_lost");
  EXPECT_EQ(Reason(tasks_->Heartbeat(lease, kTtl, Json()).status()), "LEASE_LOST");
  EXPECT_TRUE(tasks_->Sweep()->empty());
  EXPECT_FALSE(tasks_->Claim("wkr-2", {TaskKind::kTrain}, kTtl)->has_value())
      << "after a back-off only";
  MakeReady(lease.task_id);
  const ClaimedTask again = Claim(TaskKind::kTrain);
  EXPECT_EQ(again.deaths, 1);
  EXPECT_GT(again.lease.fence, lease.fence);
  EXPECT_EQ(Place("ftjob-1"), "RUNNING/TRAINING") << "a resumed job does not go back";
  EXPECT_TRUE(steps_->FirstStep(again.lease).ok());
}

class PoisonedTest : public LeaseTest {
 protected:
  void KillThreeTimes(TaskLease lease, TaskKind kind) {
    for (int death = 1; death <= kMaxDeaths; ++death) {
      if (death > 1) {
        MakeReady(lease.task_id);
        lease = Claim(kind).lease;
      }
      Expire(lease.task_id);
      const auto swept = tasks_->Sweep();
      ASSERT_TRUE(swept.ok()) << swept.status();
      ASSERT_EQ(swept->size(), 1u);
      EXPECT_EQ(swept->at(0).deaths, death);
    }
    EXPECT_EQ(TaskState(lease.task_id), "failed");
  }
};

TEST_F(PoisonedTest, TrainTaskFailsItsJob) {  // row 13
  const TaskLease lease = ToTraining("ftjob-1");
  ASSERT_TRUE(steps_->CheckpointStored(lease, 5, Tree("c").sha256, {Tree("c")}).ok());
  KillThreeTimes(lease, TaskKind::kTrain);
  EXPECT_EQ(Place("ftjob-1"), "FAILED/TRAINING");
  EXPECT_EQ(Job("ftjob-1").error->code, "worker_died");
  EXPECT_EQ(jobs_->ListCheckpoints("ftjob-1")->size(), 1u);
}

TEST_F(PoisonedTest, TrainTaskThatDiesWhilePreparingFailsItsJob) {
  KillThreeTimes(ToPreparing("ftjob-1"), TaskKind::kTrain);
  EXPECT_EQ(Place("ftjob-1"), "FAILED/PREPARING");
}

TEST_F(PoisonedTest, PlanTaskFailsItsJob) {
  Create("ftjob-1");
  KillThreeTimes(Claim(TaskKind::kPlan).lease, TaskKind::kPlan);
  EXPECT_EQ(Place("ftjob-1"), "FAILED/VALIDATING");
}

TEST_F(PoisonedTest, AuditTaskHoldsTheModel) {  // row 14
  KillThreeTimes(ToAuditing("ftjob-1"), TaskKind::kAudit);
  EXPECT_EQ(Place("ftjob-1"), "SUCCEEDED/AUDITING");
  EXPECT_EQ(models_->GetByJob("ftjob-1")->release, Release::kHeld);
  EXPECT_EQ(models_->Decisions(ModelId("ftjob-1"))->at(0).reasons[0].substr(0, 16),
            "audit incomplete");
}

TEST_F(PoisonedTest, OneJobDoesNotHoldUpOthers) {
  const TaskLease bad = ToTraining("ftjob-1");
  const TaskLease good = ToTraining("ftjob-2");
  KillThreeTimes(bad, TaskKind::kTrain);
  EXPECT_TRUE(StoreAdapter(good, "ftjob-2").ok());
}

TEST_F(PoisonedTest, AJobInAnImpossiblePlaceDoesNotStopTheSweep) {
  const TaskLease odd = ToTraining("ftjob-1");
  const TaskLease other = ToTraining("ftjob-2");
  Sql("update jobs set stage = 'PUBLISHING' where id = 'ftjob-1'");
  Sql("update tasks set deaths = 2 where id = '" + odd.task_id + "'");
  Expire(odd.task_id);
  Expire(other.task_id);
  const auto swept = tasks_->Sweep();
  ASSERT_TRUE(swept.ok()) << swept.status();
  EXPECT_EQ(swept->size(), 2u);
  EXPECT_EQ(TaskState(odd.task_id), "failed");
  EXPECT_EQ(TaskState(other.task_id), "queued");
}

TEST_F(LeaseTest, SweepPassesOverATaskWhoseHolderIsCommitting) {
  const TaskLease lease = ToTraining("ftjob-1");
  Expire(lease.task_id);
  const absl::Status status =
      Fenced(*pool_, lease, TaskState::kRunning, [&](pqxx::work&, LockedJob&) {
        EXPECT_TRUE(tasks_->Sweep()->empty());
        EXPECT_FALSE(tasks_->Claim("wkr-2", {TaskKind::kTrain}, kTtl)->has_value());
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(tasks_->Sweep()->size(), 1u) << "afterwards it is taken";
}

TEST_F(LeaseTest, DrainGivesBackAtOnceWithoutADeath) {
  const TaskLease lease = ToTraining("ftjob-1");
  ASSERT_TRUE(tasks_->Drain(lease).ok());
  EXPECT_EQ(Reason(tasks_->Drain(lease)), "LEASE_LOST");
  const ClaimedTask again = Claim(TaskKind::kTrain);
  EXPECT_EQ(again.deaths, 0);
  EXPECT_EQ(again.interruptions, 1);
  EXPECT_GT(again.lease.fence, lease.fence);
}

TEST_F(LeaseTest, ClaimTellsOfACancellationThatWaits) {
  const TaskLease lease = ToTraining("ftjob-1");
  ASSERT_TRUE(tasks_->Drain(lease).ok());
  ASSERT_TRUE(jobs_->CancelJob(kProject, "ftjob-1").ok());
  const ClaimedTask again = Claim(TaskKind::kTrain);
  EXPECT_TRUE(again.cancel_requested);
  EXPECT_TRUE(steps_->JobCancelled(again.lease).ok());
}

TEST_F(LeaseTest, AJobHasOneOpenTask) {
  Create("ftjob-1");
  const auto second = cluster_->Exec(
      database_,
      "insert into tasks (id, job_id, kind, payload) values ('task-x', 'ftjob-1', 'train', '{}')");
  EXPECT_NE(std::string(second.status().message()).find("tasks_one_open"), std::string::npos);
}

// Nobody could renew a lease while the database was away.
TEST_F(LeaseTest, SweepLeavesLeasesAloneForAWhileAfterPostgresqlHasStarted) {
  const TaskLease lease = ToTraining("ftjob-1");
  Expire(lease.task_id);
  EXPECT_TRUE(tasks_->Sweep(std::chrono::hours(24))->empty());
  EXPECT_EQ(tasks_->Sweep()->size(), 1u);
}

TEST_F(LeaseTest, AClaimWhoseCommitReplyWasLostIsFoundAgain) {
  ToQueued("ftjob-1");
  lose_commit_reply_ = true;
  const ClaimedTask task = Claim(TaskKind::kTrain);
  EXPECT_FALSE(lose_commit_reply_);
  EXPECT_EQ(task.job_id, "ftjob-1");
  EXPECT_TRUE(steps_->FirstStep(task.lease).ok());
  lose_commit_reply_ = true;
  EXPECT_FALSE(tasks_->Claim("wkr-2", {TaskKind::kTrain}, kTtl)->has_value())
      << "another worker has claimed nothing";
}

TEST_F(LeaseTest, AClaimBesideWhoseCommitReplyWasLostIsFoundAgain) {
  for (const char* id : {"ftjob-1", "ftjob-2", "ftjob-3"}) ToQueued(id);
  Sql("update jobs set engine_mode = 'shared'");
  const ClaimedTask first = Claim(TaskKind::kTrain);
  lose_commit_reply_ = true;
  const auto beside = tasks_->ClaimBeside("wkr-1", first, 8, kTtl);
  EXPECT_FALSE(lose_commit_reply_);
  ASSERT_TRUE(beside.ok()) << beside.status();
  ASSERT_EQ(beside->size(), 2u);
  for (const ClaimedTask& task : *beside) {
    EXPECT_NE(task.job_id, first.job_id);
    EXPECT_TRUE(steps_->FirstStep(task.lease).ok());
  }
}

// The database went away with the reply, so that the claim could not be looked for at once.
TEST_F(LeaseTest, AClaimInDoubtIsLookedForByTheNextOne) {
  ToQueued("ftjob-1");
  const ClaimedTask task = Claim(TaskKind::kTrain);
  EXPECT_FALSE(tasks_->Claim("wkr-1", {TaskKind::kTrain}, kTtl)->has_value());
  const auto again = tasks_->Claim("wkr-1", {TaskKind::kTrain}, kTtl, /*in_doubt=*/true);
  ASSERT_TRUE(again.ok() && again->has_value()) << again.status();
  EXPECT_EQ((*again)->lease.task_id, task.lease.task_id);
  EXPECT_EQ((*again)->lease.fence, task.lease.fence);
  EXPECT_FALSE(tasks_->Claim("wkr-2", {TaskKind::kTrain}, kTtl, true)->has_value());
  ToQueued("ftjob-2");
  EXPECT_EQ(tasks_->Claim("wkr-2", {TaskKind::kTrain}, kTtl, true).value()->job_id, "ftjob-2");
}

}  // namespace
}  // namespace tuneward
