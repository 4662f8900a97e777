// The wire to PostgreSQL breaks at a COMMIT: before it arrived, so that nothing was done, or before
// its reply did, so that all was. Processes cannot tell the two apart; the job must not either.
#include <gtest/gtest.h>

#include "tests/chaos/ledger.h"
#include "tests/chaos/stack_test.h"
#include "tests/support/result_row.h"

namespace tuneward {
namespace {

// The statements that mark a transaction.
using Cut = std::vector<std::string>;

// Every transaction of a job's life. A claim that found nothing runs no job_lock. A process that
// does not know that it has a task must find it again, or it is counted as dead.
const std::vector<Cut>& CutsOfServer() {
  static const auto& cuts = *new std::vector<Cut>{
      {"file_insert"}, {"job_insert"}, {"task_claim", "job_lock"}, {"plan_insert"}};
  return cuts;
}
const std::vector<Cut>& CutsOfWorker() {
  static const auto& cuts =
      *new std::vector<Cut>{{"task_claim", "job_lock"}, {"metric_add"},   {"checkpoint_insert"},
                            {"task_heartbeat"},         {"model_insert"}, {"audit_insert"}};
  return cuts;
}

class LostCommitTest : public StackTest {
 protected:
  bool Start() {
    StackOptions options;
    options.workers = {kWorkerA};
    options.proxies = true;
    options.checkpoint_every = 2;  // three steps are the fewest
    return StartStack(options);
  }

  // One job, whose transactions lose their COMMITs.
  void RunJob(WorkLoad& load, CommitLoss loss) {
    TcpProxy &server = stack_->proxy(kServer), &worker = stack_->proxy(kWorkerA);
    const int before = server.lost() + worker.lost();
    for (const Cut& cut : CutsOfServer()) server.LoseCommitOf(cut, loss);
    for (const Cut& cut : CutsOfWorker()) worker.LoseCommitOf(cut, loss);
    load.Submit();
    ASSERT_TRUE(load.WaitForEnd(std::chrono::minutes(1))) << Logs();
    EXPECT_EQ(server.lost() + worker.lost() - before,
              static_cast<int>(CutsOfServer().size() + CutsOfWorker().size()));
    EXPECT_EQ(server.waiting() + worker.waiting(), 0);
  }

  void CheckAll(WorkLoad& load) {
    EXPECT_EQ(load.RepeatAll(), 0);
    const Findings found = CheckEverything(*stack_, load, {});
    for (const std::string& complaint : found.complaints) ADD_FAILURE() << complaint;
    for (const std::string& refusal : load.refusals()) ADD_FAILURE() << refusal;
    // A broken wire is nobody's death.
    EXPECT_EQ(stack_->Sql("select count(*) from tasks where deaths > 0"), "0");
    if (HasFailure()) std::printf("%s\n", Logs().c_str());
  }
};

TEST_F(LostCommitTest, AJobIsThereOnceWhicheverCommitOrReplyIsLost) {
  if (!Start()) return;
  WorkLoad load(*stack_, SmallRecipes(12, 1));
  for (const CommitLoss loss : {CommitLoss::kReply, CommitLoss::kRequest}) {
    ASSERT_NO_FATAL_FAILURE(RunJob(load, loss));
  }
  CheckAll(load);
}

TEST_F(LostCommitTest, NightlyAJobIsThereOnceWhicheverCommitIsLostSixTimesOver) {
  if (!Start()) return;
  WorkLoad load(*stack_, SmallRecipes(12, 1));
  for (int i = 0; i < 3; ++i) {
    for (const CommitLoss loss : {CommitLoss::kReply, CommitLoss::kRequest}) {
      ASSERT_NO_FATAL_FAILURE(RunJob(load, loss));
    }
  }
  CheckAll(load);
  const int lost = stack_->proxy(kServer).lost() + stack_->proxy(kWorkerA).lost();
  const Findings found = CheckEverything(*stack_, load, {});
  RecordResult({"chaos", "chaos.commits_lost", static_cast<double>(lost), "commits", "",
                std::nullopt, "make test-nightly"});
  RecordResult({"chaos", "chaos.duplicates_after_lost_commits",
                static_cast<double>(found.duplicates), "artefacts", "lower", 0,
                "make test-nightly"});
}

}  // namespace
}  // namespace tuneward
