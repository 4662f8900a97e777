// Real processes: a server that plans, workers that train and audit, a private PostgreSQL. Workers
// are killed, stopped and frozen in the middle of a training; the job must go on elsewhere, end in
// the same bytes, and have every effect once.
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "tests/integration/worker/worker_fixture.h"
#include "tests/support/child_process.h"

namespace tuneward {
namespace {

class WorkerKillTest : public WorkerTest {
 protected:
  void SetUp() override {
    WorkerTest::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    ASSERT_TRUE(WriteFileAtomic(folder_ + "/dsn", dsn_ + "\n", 0600).ok());
    ASSERT_TRUE(WriteFileAtomic(folder_ + "/secret", std::string(kSecret) + "\n", 0600).ok());
    StartProcess("server", "tuneward-server", {"--admin_port=0"});
  }

  void TearDown() override {
    for (const auto& [name, pid] : children_) {
      if (HasFailure())
        std::printf("--- %s\n%s\n", name.c_str(), ReadFile(Log(name)).value_or("").c_str());
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
    WorkerTest::TearDown();
  }

  void StartProcess(const std::string& name, const std::string& program,
                    std::vector<std::string> flags) {
    std::vector<std::string> argv = {std::string(TUNEWARD_BINARY_DIR) + "/bin/" + program,
                                     "--dsn_file=" + folder_ + "/dsn",
                                     "--worker_secret_file=" + folder_ + "/secret",
                                     "--blob_root=" + folder_ + "/blobs",
                                     "--port=0",
                                     "--metrics_port=0",
                                     "--port_file=" + folder_ + "/ports-" + name};
    argv.insert(argv.end(), flags.begin(), flags.end());
    ChildOptions options;
    options.output_file = Log(name);
    const auto pid = StartChild(argv, options);
    ASSERT_TRUE(pid.ok()) << pid.status();
    children_[name] = *pid;
    ASSERT_TRUE(AwaitTrue([&] { return std::filesystem::exists(folder_ + "/ports-" + name); }))
        << ReadFile(Log(name)).value_or("");
  }

  void StartWorkerProcess(const std::string& name, std::vector<std::string> flags = {}) {
    for (const std::string& flag :
         {std::string("--cache_root=") + folder_ + "/cache-" + name,
          std::string("--checkpoint_every=10"), std::string("--audit_prompts=12")}) {
      flags.push_back(flag);
    }
    StartProcess(name, "tuneward-worker", flags);
  }

  // Sends the signal and waits for the end; the wait status.
  int End(const std::string& name, int signal) {
    int status = -1;
    kill(children_.at(name), signal);
    waitpid(children_.at(name), &status, 0);
    children_.erase(name);
    return status;
  }

  std::string AwaitCheckpointed(int64_t epochs) {
    const std::string id = MakeJob({.epochs = epochs, .plan = false});
    EXPECT_TRUE(AwaitTrue([&] { return !jobs_->ListCheckpoints(id).value().empty(); }));
    return id;
  }

  void ExpectOneOfEverything(const std::string& job_id) {
    EXPECT_EQ(Count("models where job_id = '" + job_id + "'"), "1");
    EXPECT_EQ(Count("audits where job_id = '" + job_id + "'"), "1");
    EXPECT_EQ(Count("release_decisions d join models m on m.id = d.model_id where m.job_id = '" +
                    job_id + "'"),
              "1");
    for (const char* stage : {"PREPARING", "TRAINING", "AUDITING", "PUBLISHING"}) {
      EXPECT_EQ(CountEvents(job_id, kEventState, stage), 1) << stage;
    }
    std::set<int64_t> steps;
    int64_t seq = 0;
    for (const EventRecord& event : Events(job_id)) {
      EXPECT_EQ(event.seq, ++seq);
      if (event.event.type != kEventMetrics) continue;
      EXPECT_TRUE(steps.insert(event.event.data["step"].get<int64_t>()).second);
    }
    const auto metrics = jobs_->ListMetrics(job_id, 0, 100000).value();
    EXPECT_EQ(static_cast<int64_t>(metrics.size()),
              metrics.back().data["total_steps"].get<int64_t>());
  }

  void ExpectSameResult(const std::string& a, const std::string& b) {
    EXPECT_EQ(models_->GetByJob(a)->tree_sha256.Hex(), models_->GetByJob(b)->tree_sha256.Hex());
    EXPECT_EQ(models_->GetAudit(a)->report_sha256.Hex(), models_->GetAudit(b)->report_sha256.Hex());
  }

  std::string Count(const std::string& from) { return Sql("select count(*) from " + from); }
  std::string TrainWorker(const std::string& job_id) {
    return Sql("select coalesce(worker_id, '') from tasks where kind = 'train' and job_id = '" +
               job_id + "'");
  }
  std::string Log(const std::string& name) const { return folder_ + "/" + name + ".log"; }

  std::map<std::string, pid_t> children_;
};

TEST_F(WorkerKillTest, AJobGoesOnWithin30SecondsAfterSigkillAndEndsInTheSameBytes) {
  StartWorkerProcess("a");  // lease of 20 s, as installed
  const std::string straight = MakeJob({.epochs = 12, .plan = false});
  ASSERT_EQ(AwaitEnd(straight).position.state, JobState::kSucceeded);

  const std::string broken = AwaitCheckpointed(12);
  ASSERT_EQ(jobs_->GetJobById(broken)->position.stage, JobStage::kTraining);
  const std::string first_worker = TrainWorker(broken);
  const auto killed_at = std::chrono::steady_clock::now();
  EXPECT_TRUE(WIFSIGNALED(End("a", SIGKILL)));
  StartWorkerProcess("b");
  ASSERT_TRUE(AwaitTrue([&] {
    const std::string worker = TrainWorker(broken);
    return !worker.empty() && worker != first_worker;
  }));
  const std::chrono::duration<double> silence = std::chrono::steady_clock::now() - killed_at;
  EXPECT_LE(silence.count(), 30);
  RecordProperty("seconds_until_the_job_went_on", std::to_string(silence.count()));

  ASSERT_EQ(AwaitEnd(broken).position.state, JobState::kSucceeded);
  ExpectSameResult(broken, straight);
  ExpectOneOfEverything(broken);
  EXPECT_EQ(CountEvents(broken, kEventWorkerLost), 1);
}

TEST_F(WorkerKillTest, SigtermHandsTheTaskOnWithoutALostLease) {
  StartWorkerProcess("a");
  const std::string job = AwaitCheckpointed(12);
  const auto stopped_at = std::chrono::steady_clock::now();
  const int status = End("a", SIGTERM);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_TRUE(workers_->List()->empty());
  StartWorkerProcess("b");
  ASSERT_TRUE(AwaitTrue([&] { return !TrainWorker(job).empty(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - stopped_at,
            std::chrono::seconds(20));  // no lease had to run out
  ASSERT_EQ(AwaitEnd(job).position.state, JobState::kSucceeded);
  EXPECT_EQ(CountEvents(job, kEventWorkerLost), 0);
  ExpectOneOfEverything(job);
}

TEST_F(WorkerKillTest, AFrozenWorkerThatWakesUpChangesNothing) {
  const std::vector<std::string> short_lease = {"--lease_ttl_ms=2000", "--lease_heartbeat_ms=300",
                                                "--lease_margin_ms=500", "--lease_sweep_ms=100"};
  StartWorkerProcess("a", short_lease);
  const std::string straight = MakeJob({.epochs = 12, .plan = false});
  ASSERT_EQ(AwaitEnd(straight).position.state, JobState::kSucceeded);

  const std::string job = AwaitCheckpointed(12);
  ASSERT_EQ(jobs_->GetJobById(job)->position.stage, JobStage::kTraining);
  kill(children_.at("a"), SIGSTOP);
  StartWorkerProcess("b", short_lease);
  ASSERT_EQ(AwaitEnd(job).position.state, JobState::kSucceeded);
  kill(children_.at("a"), SIGCONT);
  // It has lost its lease; it ends in order and leaves everything as it is.
  ASSERT_TRUE(AwaitTrue(
      [&] { return ReadFile(Log("a")).value().find("lease_lost") != std::string::npos; }));
  const int status = End("a", SIGTERM);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  ExpectSameResult(job, straight);
  ExpectOneOfEverything(job);
  EXPECT_EQ(CountEvents(job, kEventWorkerLost), 1);
}

}  // namespace
}  // namespace tuneward
