// A training that is killed and goes on gives the bytes of one that was not: the same worker
// program, one thread, isolated mode.
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "core/base/random.h"
#include "tests/chaos/ledger.h"
#include "tests/chaos/stack_test.h"
#include "tests/support/result_row.h"

namespace tuneward {
namespace {

constexpr uint64_t kSeed = 20260103;
constexpr int kRuns = 8;
constexpr int kKillsEach = 2;  // the third would stop the job
constexpr std::chrono::minutes kEndLimit{3};

class ResumeTest : public StackTest {
 protected:
  bool Trains(const std::string& job_id) {
    return stack_->Sql(
               "select count(*) from jobs where stage = 'TRAINING' and id = '" + job_id +
               "' and exists (select from tasks where job_id = jobs.id and state = 'running')") ==
           "1";
  }
  bool HasEnded(const std::string& job_id) {
    return stack_->Sql("select finished_at is not null from jobs where id = '" + job_id + "'") ==
           "t";
  }
  double TrainingSeconds(const std::string& job_id) {
    return std::stod(stack_->Sql(
        "select extract(epoch from max(at) filter (where data ->> 'stage' = 'AUDITING') - max(at) "
        "filter (where data ->> 'stage' = 'TRAINING')) from job_events where job_id = '" +
        job_id + "'"));
  }
  std::string AnswersSha(const std::string& job_id) {
    return stack_->Sql("select encode(generations_sha256, 'hex') from audits where job_id = '" +
                       job_id + "'");
  }

  // Kills the worker in the training of the job, at a random moment of what is left; the number of
  // times that it was in time.
  int KillInTraining(const std::string& job_id, double seconds, RandomStream& random) {
    int kills = 0;
    for (int i = 0; i < kKillsEach; ++i) {
      WaitUntil([&] { return Trains(job_id) || HasEnded(job_id); });
      const double wait = 0.6 * seconds * random.Uniform();
      std::this_thread::sleep_for(std::chrono::duration<double>(wait));
      if (!Trains(job_id)) break;
      stack_->Signal(kWorkerA, SIGKILL);
      ++kills;
      EXPECT_TRUE(stack_->StartProcess(kWorkerA).ok());
    }
    return kills;
  }
};

TEST_F(ResumeTest, NightlyAKilledTrainingGivesTheAdapterOfAnUndisturbedOne) {
  StackOptions options;
  options.workers = {kWorkerA};
  options.lease_ttl = std::chrono::milliseconds(2000);
  options.margin = std::chrono::milliseconds(700);
  if (!StartStack(options)) return;
  const std::vector<Recipe> all = SmallRecipes(48, 4);
  WorkLoad load(*stack_, {all[1]});  // with a safety mix
  RandomStream random(kSeed, "resume");
  std::string adapter, answers;
  double seconds = 0;
  int equal = 0, kills = 0;
  for (int run = 0; run <= kRuns; ++run) {
    load.Submit();
    ASSERT_TRUE(load.refusals().empty()) << load.refusals()[0];
    const std::string job = JobId(load.asks().back().job);
    if (run > 0) kills += KillInTraining(job, seconds, random);
    ASSERT_TRUE(load.WaitForEnd(kEndLimit)) << Logs();
    if (run > 0) {
      equal += AdapterSha(*stack_, job) == adapter && AnswersSha(job) == answers ? 1 : 0;
      continue;
    }
    adapter = AdapterSha(*stack_, job);
    answers = AnswersSha(job);
    seconds = TrainingSeconds(job);
    ASSERT_FALSE(adapter.empty()) << Logs();
  }
  EXPECT_EQ(equal, kRuns) << Logs();
  EXPECT_GE(kills, kRuns) << "the trainings were over before they could be killed";
  const auto record = [](const std::string& name, double value, const std::string& unit,
                         std::optional<double> goal = std::nullopt) {
    RecordResult(
        {"resume", "resume." + name, value, unit, goal ? "higher" : "", goal, "make test-nightly"});
  };
  record("equal", equal, "runs", kRuns);
  record("runs", kRuns, "runs");
  record("kills", kills, "kills");
}

}  // namespace
}  // namespace tuneward
