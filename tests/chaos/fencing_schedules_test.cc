// Two workers and one task, in random schedules over a real PostgreSQL: claims, heartbeats, pauses,
// expiries, sweeps, writes, ends. Time is taken away from a worker by not giving it a turn and not
// moving its clock while its lease ends in the database (the row's lease_until is set back, so that
// nobody waits twenty seconds). Whoever does not hold the task changes nothing.
#include <functional>
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "tests/chaos/sim_worker.h"
#include "tests/integration/store/store_fixture.h"
#include "tests/support/result_row.h"
#include "tests/support/sql.h"

namespace tuneward {
namespace {

constexpr uint64_t kSeed = 20260102;

bool IsEnd(TaskState state) { return state != TaskState::kQueued && state != TaskState::kRunning; }

class FencingSchedulesTest : public StoreTest {
 protected:
  // One schedule, with a turn at a time: every move of a worker is known to be of the holder or
  // not.
  void RunInTurns(int schedule);
  // One in which both run as they like while leases end.
  void RunRacing(int schedule);

  void Begin(int schedule, bool free_running, RandomStream& random);
  void CheckEnd();
  // Lets the worker do something; when it is not the holder, nothing may change.
  void Move(SimWorker& worker, const std::function<void()>& move);
  void MoveAtRandom(RandomStream& random);
  void Expire() {
    Change(
        "update tasks set lease_until = clock_timestamp() - interval '1 s' where state = 'running' "
        "and id = ");
  }
  void SweepAndMakeReady() {
    ASSERT_TRUE(tasks_->Sweep().ok());
    Change("update tasks set run_after = clock_timestamp() where state = 'queued' and id = ");
  }
  void Change(const std::string& sql) { ASSERT_TRUE(Query(*pool_, sql + Quoted(TaskId())).ok()); }
  bool Ended() { return IsEnd(tasks_->Get(TaskId()).value().state); }
  std::string TaskId() const { return "task-train-" + job_; }
  static std::string Quoted(const std::string& text) { return "'" + text + "'"; }
  std::string Snapshot();  // of all that belongs to the job

  std::string job_;
  std::unique_ptr<SimWorker> workers_[2];
  int stale_moves_ = 0, stale_changes_ = 0;
  int disturbed_ = 0;  // schedules in which the task was taken from a worker
};

std::string FencingSchedulesTest::Snapshot() {
  std::string sql = "select md5(";
  for (const char* table : {"job_events", "job_metrics", "checkpoints", "models", "tasks"}) {
    sql += absl::StrCat("(select coalesce(string_agg(t::text, '|' order by t::text), '') from ",
                        table, " t where job_id = ", Quoted(job_), ") || ");
  }
  return QueryValue(*pool_, sql + "(select j::text from jobs j where id = " + Quoted(job_) + "))")
      .value();
}

void FencingSchedulesTest::Move(SimWorker& worker, const std::function<void()>& move) {
  const std::optional<TaskLease> lease = worker.lease();
  if (!lease) return move();
  const TaskRecord task = tasks_->Get(TaskId()).value();
  if (task.state == TaskState::kRunning && task.fence == lease->fence) return move();
  const std::string before = Snapshot();
  move();
  ++stale_moves_;
  if (Snapshot() != before) {
    ++stale_changes_;
    ADD_FAILURE() << job_ << ": the holder of fence " << lease->fence
                  << " changed something after fence " << task.fence << " was given";
  }
}

void FencingSchedulesTest::Begin(int schedule, bool free_running, RandomStream& random) {
  job_ = absl::StrCat("ftjob-", free_running ? "r" : "t", schedule);
  ToQueued(job_);
  for (int i = 0; i < 2; ++i) {
    SimStyle style;
    style.free_running = free_running;
    style.stubborn = random.Below(2) == 0;
    style.fails = random.Below(8) == 0;
    // Races need time in which something can happen.
    style.steps = (free_running ? 20 : 1) + static_cast<int>(random.Below(3));
    workers_[i] = std::make_unique<SimWorker>(absl::StrCat("wkr-", i), style, *tasks_, *steps_);
  }
}

void FencingSchedulesTest::MoveAtRandom(RandomStream& random) {
  SimWorker& worker = *workers_[random.Below(2)];
  const uint64_t what = random.Below(100);
  if (what < 55) return Move(worker, [&] { worker.Step(); });
  if (what < 68) return Move(worker, [&] { worker.Beat(); });
  if (what < 76) return worker.Advance(std::chrono::milliseconds(random.Below(12000)));
  if (what < 87) return Expire();
  if (what < 99) return SweepAndMakeReady();
  // Of a running job: the worker's next heartbeat brings it the news.
  (void)jobs_->CancelJob(kProject, job_);
}

void FencingSchedulesTest::RunInTurns(int schedule) {
  RandomStream random(kSeed, "fencing/turns", static_cast<uint64_t>(schedule));
  Begin(schedule, false, random);
  for (int i = 0; i < 32; ++i) MoveAtRandom(random);
  // To the end: the sweep gives on what nobody believes to hold.
  for (int i = 0; i < 200 && !(Ended() && !workers_[0]->lease() && !workers_[1]->lease()); ++i) {
    for (const auto& worker : workers_) Move(*worker, [&] { worker->Step(); });
    if (!workers_[0]->lease() && !workers_[1]->lease()) Expire();
    SweepAndMakeReady();
  }
  CheckEnd();
}

void FencingSchedulesTest::RunRacing(int schedule) {
  RandomStream random(kSeed, "fencing/races", static_cast<uint64_t>(schedule));
  Begin(schedule, true, random);
  while (!Ended()) {
    const uint64_t what = random.Below(10);
    if (what < 3) workers_[random.Below(2)]->Beat();
    if (what == 4) Expire();
    if (what > 4) SweepAndMakeReady();
  }
  CheckEnd();
}

void FencingSchedulesTest::CheckEnd() {
  for (const auto& worker : workers_) worker->Finish();
  const TaskRecord task = tasks_->Get(TaskId()).value();
  ASSERT_TRUE(IsEnd(task.state)) << job_;
  const auto of_job = [&](const std::string& what) {
    return QueryValue(*pool_, "select " + what + " and job_id = " + Quoted(job_)).value();
  };
  const bool succeeded = task.state == tuneward::TaskState::kSucceeded;
  EXPECT_EQ(of_job("count(*) from models where true"), succeeded ? "1" : "0") << job_;
  EXPECT_EQ(of_job("count(*) from tasks where kind = 'audit'"), succeeded ? "1" : "0") << job_;
  EXPECT_EQ(workers_[0]->adapters_stored() + workers_[1]->adapters_stored(), succeeded ? 1 : 0);
  if (succeeded) {
    EXPECT_EQ(models_->GetByJob(job_)->tree_sha256, Sha256Of(AdapterText(task.fence))) << job_;
  }
  for (const CheckpointRecord& checkpoint : jobs_->ListCheckpoints(job_).value()) {
    EXPECT_EQ(checkpoint.tree_sha256, Sha256Of(CheckpointText(checkpoint.fence, checkpoint.step)))
        << job_;
    EXPECT_LE(checkpoint.fence, task.fence);
  }
  if (task.deaths + task.interruptions > 0) ++disturbed_;
  EXPECT_EQ(of_job("count(*) - max(seq) from job_events where true"), "0") << job_;
  EXPECT_EQ(of_job("count(*) - count(distinct data::text) from job_events where type = 'state'"),
            "0")
      << job_;
  // The next schedule's claims need not read over it.
  Change("update tasks set state = 'cancelled' where state = 'queued' and id <> ");
}

TEST_F(FencingSchedulesTest, AStaleWorkerChangesNothingInFortySchedules) {
  if (IsSkipped()) return;
  for (int i = 0; i < 30 && !HasFailure(); ++i) RunInTurns(i);
  for (int i = 0; i < 10 && !HasFailure(); ++i) RunRacing(i);
  EXPECT_GT(stale_moves_, 10);
  EXPECT_GT(disturbed_, 10);
}

TEST_F(FencingSchedulesTest, NightlyAStaleWorkerChangesNothingInAThousandSchedules) {
  if (IsSkipped()) return;
  int turns = 0, races = 0;
  for (; turns < 800 && !HasFailure(); ++turns) RunInTurns(turns);
  for (; races < 200 && !HasFailure(); ++races) RunRacing(races);
  const auto record = [](const std::string& name, double value, const std::string& unit,
                         const std::string& better = "",
                         std::optional<double> goal = std::nullopt) {
    RecordResult({"fencing", "fencing." + name, value, unit, better, goal, "make test-nightly"});
  };
  record("schedules", turns + races, "schedules", "higher", 1000);
  record("disturbed_schedules", disturbed_, "schedules");
  record("stale_writes_tried", stale_moves_, "moves");
  record("stale_writes_accepted", stale_changes_, "moves", "lower", 0);
}

}  // namespace
}  // namespace tuneward
