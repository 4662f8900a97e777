// A stale holder changes nothing; a holder whose commit's reply was lost finds out what happened.
#include "tests/integration/store/store_fixture.h"

namespace tuneward {
namespace {

class FencingTest : public StoreTest {
 protected:
  // The holder of `lease` stalls; its lease expires and somebody else takes the task.
  TaskLease Supersede(const TaskLease& lease, TaskKind kind) {
    Expire(lease.task_id);
    EXPECT_EQ(tasks_->Sweep()->size(), 1u);
    MakeReady(lease.task_id);
    return Claim(kind).lease;
  }

  void ExpectAllLost(const TaskLease& stale, const std::string& job) {
    const std::string before = Everything();
    const absl::Status results[] = {
        steps_->PlanMoved(stale, JobStage::kPlanning),
        CompletePlan(stale, job),
        steps_->PlanFailed(stale, {"server_error", "", "x"}),
        steps_->FirstStep(stale),
        steps_->CheckpointStored(stale, 99, Tree("late").sha256, {Tree("late")}),
        StoreAdapter(stale, job),
        steps_->TrainFailed(stale, {"diverged", "", "x"}),
        StoreReport(stale, job, Release::kReleased),
        steps_->AuditIncomplete(stale, "x"),
        steps_->JobCancelled(stale),
        steps_->Append(stale, {{kLevelInfo, kEventMessage, "late"}}, {{1, Json::object()}}),
        tasks_->Heartbeat(stale, kTtl, {{"late", 1}}).status(),
        tasks_->Drain(stale),
    };
    for (size_t i = 0; i < std::size(results); ++i) {
      EXPECT_TRUE(absl::IsAborted(results[i])) << "step " << i << ": " << results[i];
      EXPECT_EQ(Reason(results[i]), "LEASE_LOST") << "step " << i;
    }
    EXPECT_EQ(Everything(), before);
    EXPECT_EQ(
        Sql("select count(*) from blobs where sha256 = '\\x" + Tree("late").sha256.Hex() + "'"),
        "0");
  }
};

TEST_F(FencingTest, StaleHolderOfAPlanTaskChangesNothing) {
  Create("ftjob-1");
  const TaskLease stale = Claim(TaskKind::kPlan).lease;
  const TaskLease fresh = Supersede(stale, TaskKind::kPlan);
  ExpectAllLost(stale, "ftjob-1");
  EXPECT_TRUE(CompletePlan(fresh, "ftjob-1").ok());
  ExpectAllLost(stale, "ftjob-1");
}

TEST_F(FencingTest, StaleHolderOfATrainTaskChangesNothing) {
  const TaskLease stale = ToTraining("ftjob-1");
  const TaskLease fresh = Supersede(stale, TaskKind::kTrain);
  ExpectAllLost(stale, "ftjob-1");
  EXPECT_TRUE(StoreAdapter(fresh, "ftjob-1").ok());
  ExpectAllLost(stale, "ftjob-1");
}

TEST_F(FencingTest, StaleHolderOfAnAuditTaskChangesNothing) {
  const TaskLease stale = ToAuditing("ftjob-1");
  const TaskLease fresh = Supersede(stale, TaskKind::kAudit);
  ExpectAllLost(stale, "ftjob-1");
  EXPECT_TRUE(StoreReport(fresh, "ftjob-1", Release::kHeld).ok());
  ExpectAllLost(stale, "ftjob-1");
}

TEST_F(FencingTest, SweptHolderChangesNothingBeforeAnybodyElseClaims) {
  const TaskLease stale = ToTraining("ftjob-1");
  Expire(stale.task_id);
  ASSERT_EQ(tasks_->Sweep()->size(), 1u);
  ExpectAllLost(stale, "ftjob-1");
}

TEST_F(FencingTest, HolderOfAPoisonedTaskIsNotToldThatItsFailureWasStored) {
  const TaskLease first = ToTraining("ftjob-1");
  TaskLease lease = Supersede(first, TaskKind::kTrain);
  lease = Supersede(lease, TaskKind::kTrain);
  Expire(lease.task_id);
  ASSERT_EQ(tasks_->Sweep()->at(0).state, TaskState::kFailed);
  EXPECT_EQ(Reason(steps_->TrainFailed(lease, {"diverged", "", "x"})), "LEASE_LOST");
  EXPECT_EQ(Job("ftjob-1").error->code, "worker_died");
}

TEST_F(FencingTest, FenceOfAnotherTaskDoesNotFit) {
  const TaskLease one = ToTraining("ftjob-1");
  const TaskLease two = ToTraining("ftjob-2");
  EXPECT_EQ(Reason(steps_->FirstStep({one.task_id, two.fence})), "LEASE_LOST");
}

TEST_F(FencingTest, RepeatingTheStepThatEndedTheTaskIsOk) {
  const TaskLease lease = ToTraining("ftjob-1");
  ASSERT_TRUE(StoreAdapter(lease, "ftjob-1").ok());
  const std::string before = Everything();
  EXPECT_TRUE(StoreAdapter(lease, "ftjob-1").ok());
  EXPECT_EQ(Everything(), before);
  EXPECT_EQ(Reason(steps_->TrainFailed(lease, {"diverged", "", "x"})), "LEASE_LOST")
      << "it ended otherwise";
}

TEST_F(FencingTest, LostCommitReplyIsSettledByReadingTheTask) {
  const TaskLease lease = ToTraining("ftjob-1");
  lose_commit_reply_ = true;
  EXPECT_TRUE(StoreAdapter(lease, "ftjob-1").ok());
  EXPECT_FALSE(lose_commit_reply_);
  EXPECT_EQ(Place("ftjob-1"), "RUNNING/AUDITING");
  EXPECT_EQ(Sql("select count(*) from models"), "1");
  EXPECT_EQ(Sql("select count(*) from tasks where kind = 'audit'"), "1");
}

TEST_F(FencingTest, LostCommitReplyOfAStepThatLeavesTheTaskOpenIsRunAgain) {
  const TaskLease lease = ToPreparing("ftjob-1");
  lose_commit_reply_ = true;
  EXPECT_TRUE(steps_->FirstStep(lease).ok());
  lose_commit_reply_ = true;
  EXPECT_TRUE(steps_->CheckpointStored(lease, 5, Tree("c").sha256, {Tree("c")}).ok());
  EXPECT_EQ(EventTypes("ftjob-1").size(), 4u);
  EXPECT_EQ(jobs_->ListCheckpoints("ftjob-1")->size(), 1u);
}

TEST_F(FencingTest, LostCommitReplyOfAnAppendTellsOfItsStepsOnce) {
  const TaskLease lease = ToTraining("ftjob-1");
  const size_t before = EventTypes("ftjob-1").size();
  lose_commit_reply_ = true;
  EXPECT_TRUE(steps_
                  ->Append(lease, {{kLevelInfo, kEventMetrics, "step 2"}},
                           {{1, Json::object()}, {2, Json::object()}})
                  .ok());
  EXPECT_FALSE(lose_commit_reply_);
  EXPECT_EQ(EventTypes("ftjob-1").size(), before + 1);
  EXPECT_TRUE(
      steps_->Append(lease, {{kLevelInfo, kEventMetrics, "step 3"}}, {{3, Json::object()}}).ok());
  EXPECT_EQ(EventTypes("ftjob-1").size(), before + 2);
}

TEST_F(FencingTest, LostCommitReplyOfACreateIsRepeatedWithItsRequestId) {
  const Idempotency request{kProject, "CreateJob", "req-1", Sha256Of("body")};
  lose_commit_reply_ = true;
  const auto lost = jobs_->CreateJob(NewJob("ftjob-1"), "task-1", Json::object(), request);
  EXPECT_EQ(Reason(lost.status()), "STORE_UNAVAILABLE");
  const auto again = jobs_->CreateJob(NewJob("ftjob-2"), "task-2", Json::object(), request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->record.id, "ftjob-1");
}

}  // namespace
}  // namespace tuneward
