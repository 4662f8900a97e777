#include "core/store/pg/gauge_store.h"

#include "core/store/pg/worker_store.h"
#include "tests/integration/store/store_fixture.h"

namespace tuneward {
namespace {

class GaugeTest : public StoreTest {
 protected:
  Gauges Read() {
    auto gauges = GaugeStore(*pool_).Read();
    EXPECT_TRUE(gauges.ok()) << gauges.status();
    return gauges.value_or(Gauges{});
  }
};

TEST_F(GaugeTest, CountsWhatIsThere) {
  const Gauges empty = Read();
  EXPECT_TRUE(empty.jobs.empty());
  EXPECT_TRUE(empty.workers.empty());
  EXPECT_EQ(empty.blob_bytes, 1);  // the base's

  const TaskLease audit = ToAuditing("ftjob-1");
  ASSERT_TRUE(StoreReport(audit, "ftjob-1", Release::kHeld).ok());
  ToQueued("ftjob-2");
  Create("ftjob-3");
  Create("ftjob-4");
  ASSERT_TRUE(jobs_->CancelJob(kProject, "ftjob-4").ok());
  WorkerStore workers(*pool_);
  ASSERT_TRUE(workers.Register({"wkr-1", "host", "a:1", {"train"}, {kBase}}).ok());
  ASSERT_TRUE(workers.Register({"wkr-2", "host", "a:2", {"train"}, {kBase}}).ok());
  ASSERT_TRUE(workers.Touch("wkr-2", "draining").ok());
  ASSERT_TRUE(workers.Register({"wkr-3", "host", "a:3", {"train"}, {kBase}}).ok());
  Sql("update workers set last_seen_at = clock_timestamp() - interval '30 s' where id = 'wkr-3'");

  const Gauges gauges = Read();
  EXPECT_EQ(gauges.jobs, (std::map<JobState, int64_t>{{JobState::kSucceeded, 1},
                                                      {JobState::kQueued, 1},
                                                      {JobState::kValidatingFiles, 1},
                                                      {JobState::kCancelled, 1}}));
  EXPECT_EQ(gauges.open_tasks, (std::map<std::pair<TaskKind, tuneward::TaskState>, int64_t>{
                                   {{TaskKind::kPlan, tuneward::TaskState::kQueued}, 1},
                                   {{TaskKind::kTrain, tuneward::TaskState::kQueued}, 1}}));
  EXPECT_EQ(gauges.models, (std::map<Release, int64_t>{{Release::kHeld, 1}}));
  EXPECT_EQ(gauges.workers, (std::map<std::string, int64_t>{{"ready", 1}, {"draining", 1}}));
  const int64_t bytes = std::stoll(Sql("select sum(bytes) from blobs"));
  EXPECT_GT(bytes, 1);
  EXPECT_EQ(gauges.blob_bytes, bytes);
}

TEST_F(GaugeTest, OldestReadyIsTheAgeOfTheQueue) {
  EXPECT_EQ(Read().oldest_ready_seconds, 0);
  Create("ftjob-1");
  Sql("update tasks set created_at = created_at - interval '100 s', run_after = run_after - "
      "interval '100 s'");
  EXPECT_GE(Read().oldest_ready_seconds, 100);
  EXPECT_LT(Read().oldest_ready_seconds, 200);
}

}  // namespace
}  // namespace tuneward
