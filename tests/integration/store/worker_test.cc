#include "core/store/pg/worker_store.h"

#include "tests/support/pg_test.h"

namespace tuneward {
namespace {

class WorkerStoreTest : public PgTest {
 protected:
  static WorkerRecord Worker(const std::string& id) {
    WorkerRecord worker;
    worker.id = id;
    worker.host = "host";
    worker.address = "127.0.0.1:4000";
    worker.roles = {"train", "serve"};
    worker.bases = {"nano-1", "nano-2"};
    worker.device = {{"kind", "cpu"}};
    worker.build = "0.1";
    return worker;
  }
  void Age(const std::string& id, int seconds) {
    Sql("update workers set last_seen_at = last_seen_at - interval '" + std::to_string(seconds) +
        " s' where id = '" + id + "'");
  }
};

TEST_F(WorkerStoreTest, RegisteredWorkersAreListedWhileAlive) {
  WorkerStore workers(*pool_);
  ASSERT_TRUE(workers.Register(Worker("wkr-1")).ok());
  ASSERT_TRUE(workers.Register(Worker("wkr-2")).ok());
  Age("wkr-2", 21);
  const auto list = workers.List();
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->size(), 1u);
  EXPECT_EQ(list->at(0).roles, Worker("").roles);
  EXPECT_EQ(list->at(0).device, Worker("").device);
  ASSERT_TRUE(workers.Touch("wkr-2").ok());
  EXPECT_EQ(workers.List()->size(), 2u);
  ASSERT_TRUE(workers.Remove("wkr-1").ok());
  EXPECT_EQ(workers.List()->size(), 1u);
  EXPECT_TRUE(absl::IsNotFound(workers.Touch("wkr-1")));
}

TEST_F(WorkerStoreTest, FindForBaseGivesReadyServersOfThatBase) {
  WorkerStore workers(*pool_);
  EXPECT_EQ(GetErrorInfo(workers.FindForBase("nano-1").status()).reason, "NO_WORKER_FOR_BASE");
  ASSERT_TRUE(workers.Register(Worker("wkr-1")).ok());
  WorkerRecord trainer = Worker("wkr-2");
  trainer.roles = {"train"};
  ASSERT_TRUE(workers.Register(trainer).ok());
  ASSERT_EQ(workers.FindForBase("nano-2")->size(), 1u);
  EXPECT_EQ(workers.FindForBase("nano-2")->at(0).id, "wkr-1");
  EXPECT_FALSE(workers.FindForBase("nano-3").ok());
  ASSERT_TRUE(workers.Touch("wkr-1", "draining").ok());
  EXPECT_FALSE(workers.FindForBase("nano-1").ok());
  ASSERT_TRUE(workers.Touch("wkr-1", "ready").ok());
  Age("wkr-1", 21);
  const absl::Status gone = workers.FindForBase("nano-1").status();
  EXPECT_EQ(gone.code(), absl::StatusCode::kUnavailable);
  EXPECT_GT(GetErrorInfo(gone).retry_after_ms, 0);
}

TEST_F(WorkerStoreTest, ANewWorkerForgetsThoseThatDiedLongAgo) {
  WorkerStore workers(*pool_);
  ASSERT_TRUE(workers.Register(Worker("wkr-1")).ok());
  ASSERT_TRUE(workers.Register(Worker("wkr-2")).ok());
  Age("wkr-1", 24 * 3600 + 1);
  Age("wkr-2", 3600);
  ASSERT_TRUE(workers.Register(Worker("wkr-3")).ok());
  EXPECT_EQ(Sql("select string_agg(id, ' ' order by id) from workers"), "wkr-2 wkr-3");
}

}  // namespace
}  // namespace tuneward
