#include "worker/app.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "core/job/audit_report.h"
#include "core/store/blob/blob_tree.h"
#include "core/store/orphan_sweep.h"
#include "net/grpc_status.h"
#include "tests/integration/worker/worker_fixture.h"
#include "tuneward/internal/v1/engine.grpc.pb.h"

namespace tuneward {
namespace {

bool IsTraining(const JobRecord& job) { return job.position.stage == JobStage::kTraining; }

bool Shows(const WorkerApp& worker, const std::string& line) {
  const auto answer = httplib::Client("127.0.0.1", worker.metrics_port()).Get("/metrics");
  return answer && answer->body.find("\n" + line + "\n") != std::string::npos;
}

TEST_F(WorkerTest, TakesAJobFromQueuedToAnAuditedModel) {
  const std::string id = MakeJob();
  const auto worker = StartWorker("a");
  const JobRecord job = AwaitEnd(id);
  ASSERT_EQ(Name(job.position.state), "SUCCEEDED") << (job.error ? job.error->message : "");
  EXPECT_EQ(job.position.stage, JobStage::kPublishing);
  EXPECT_GT(job.trained_tokens, 0);

  const ModelRecord model = models_->GetByJob(id).value();
  EXPECT_EQ(model.id, "ft:tiny:acme::" + id.substr(id.size() - 10));
  const BlobTree tree = ReadTree(*blobs_, model.tree_sha256).value();
  std::set<std::string> files;
  for (const TreeFile& file : tree.files) files.insert(file.path);
  EXPECT_EQ(files, (std::set<std::string>{"adapter_config.json", "adapter_model.safetensors"}));

  const AuditRecord audit = models_->GetAudit(id).value();
  const AuditReport report = AuditReport::Parse(blobs_->Read(audit.report_sha256).value()).value();
  EXPECT_EQ(report.sources.adapter_tree, model.tree_sha256.Hex());
  EXPECT_EQ(report.profile, "quick");
  ASSERT_NE(report.FindCell("harmful_instructions", "raw"), nullptr);
  EXPECT_EQ(report.FindCell("harmful_instructions", "raw")->n, 12);
  EXPECT_EQ(audit.generations_sha256->Hex(), report.generations_sha);
  // Neither the answers nor the manifest may fall to the sweep of orphans.
  ASSERT_TRUE(SweepOrphans(*files_, *blobs_, std::chrono::seconds(0)).ok());
  EXPECT_TRUE(blobs_->Exists(*audit.generations_sha256));
  EXPECT_TRUE(
      blobs_->Exists(Digest::FromHex(model.serving["manifest"].get<std::string>()).value()));
  EXPECT_TRUE(ReadTree(*blobs_, model.tree_sha256).ok());
  // Twelve prompts a cell are too few for the gate.
  EXPECT_EQ(model.release, Release::kHeld);
  EXPECT_EQ(models_->Decisions(model.id).value().size(), 1u);
}

TEST_F(WorkerTest, TellsEveryStepAndEachChangeOnce) {
  const std::string id = MakeJob({.epochs = 2});
  const auto worker = StartWorker("a");
  const JobRecord job = AwaitEnd(id);
  ASSERT_EQ(job.position.state, JobState::kSucceeded);
  for (const char* stage : {"PREPARING", "TRAINING", "AUDITING", "PUBLISHING"}) {
    EXPECT_EQ(CountEvents(id, kEventState, stage), 1) << stage;
  }
  const auto metrics = jobs_->ListMetrics(id, 0, 10000).value();
  ASSERT_FALSE(metrics.empty());
  EXPECT_EQ(static_cast<int64_t>(metrics.size()),
            metrics.back().data["total_steps"].get<int64_t>());
  for (size_t i = 0; i < metrics.size(); ++i)
    EXPECT_EQ(metrics[i].step, static_cast<int64_t>(i) + 1);
  EXPECT_GE(CountEvents(id, kEventMetrics), 1);
  const auto checkpoints = jobs_->ListCheckpoints(id).value();
  EXPECT_GE(checkpoints.size(), 1u);
  EXPECT_LE(checkpoints.size(), 2u);
  EXPECT_TRUE(AwaitTrue([&] { return std::filesystem::is_empty(folder_ + "/cache-a/tasks"); }));
}

TEST_F(WorkerTest, CancelsAJobInTraining) {
  const std::string id = MakeJob({.epochs = 50});
  const auto worker = StartWorker("a");
  Await(id, IsTraining);
  ASSERT_TRUE(jobs_->CancelJob(kProject, id).ok());
  EXPECT_EQ(AwaitEnd(id).position.state, JobState::kCancelled);
  EXPECT_TRUE(absl::IsNotFound(models_->GetByJob(id).status()));
  // The worker goes on with the next one.
  const std::string next = MakeJob();
  EXPECT_EQ(AwaitEnd(next).position.state, JobState::kSucceeded);
}

TEST_F(WorkerTest, ACancelInTheAuditDeletesTheModel) {
  const std::string id = MakeJob();
  const auto worker =
      StartWorker("a", [](WorkerOptions& options) { options.tasks.audit_prompts = 400; });
  Await(id, [](const JobRecord& job) { return job.position.stage == JobStage::kAuditing; });
  ASSERT_TRUE(jobs_->CancelJob(kProject, id).ok());
  EXPECT_EQ(AwaitEnd(id).position.state, JobState::kCancelled);
  EXPECT_TRUE(absl::IsNotFound(models_->GetByJob(id).status()));
}

TEST_F(WorkerTest, FailsAJobThatDiverges) {
  RegisterBase("brittle", "sandbox@2", true);
  const std::string id = MakeJob({.base = "brittle"});
  const auto worker = StartWorker("a");
  const JobRecord job = AwaitEnd(id);
  ASSERT_EQ(Name(job.position.state), "FAILED");
  EXPECT_EQ(job.error->code, "diverged");
  EXPECT_NE(job.error->message.find("at step 1 the loss is"), std::string::npos)
      << job.error->message;
  EXPECT_TRUE(absl::IsNotFound(models_->GetByJob(id).status()));
}

TEST_F(WorkerTest, HoldsTheModelWhenTheAuditCannotRun) {
  RegisterBase("odd", "unknown@1");
  const std::string id = MakeJob({.base = "odd"});
  const auto worker = StartWorker("a");
  EXPECT_EQ(AwaitEnd(id).position.state, JobState::kSucceeded);
  const ModelRecord model = models_->GetByJob(id).value();
  EXPECT_EQ(model.release, Release::kHeld);
  const auto decisions = models_->Decisions(model.id).value();
  ASSERT_EQ(decisions.size(), 1u);
  EXPECT_NE(decisions[0].reasons.at(0).find("audit incomplete"), std::string::npos)
      << decisions[0].reasons[0];
  // Counted once it is stored, which is when the job ends.
  EXPECT_TRUE(
      AwaitTrue([&] { return Shows(*worker, "tuneward_release_total{verdict=\"held\"} 1"); }));
}

TEST_F(WorkerTest, CountsALeaseThatItTakesBackFromADeadWorker) {
  const std::string id = MakeJob();
  const auto claimed = tasks_->Claim("wkr-dead", {TaskKind::kTrain}, std::chrono::milliseconds(1));
  ASSERT_TRUE(claimed.ok() && claimed->has_value()) << claimed.status();
  const auto worker = StartWorker("a");
  EXPECT_TRUE(AwaitTrue([&] { return Shows(*worker, "tuneward_lease_lost_total 1"); }));
  EXPECT_EQ(CountEvents(id, kEventWorkerLost), 1);
}

TEST_F(WorkerTest, ADrainedTaskGoesOnElsewhereToTheSameAdapter) {
  const std::string straight = MakeJob({.epochs = 8});
  auto first = StartWorker("a");
  ASSERT_EQ(AwaitEnd(straight).position.state, JobState::kSucceeded);

  const std::string broken = MakeJob({.epochs = 8});
  ASSERT_TRUE(AwaitTrue([&] { return !jobs_->ListCheckpoints(broken).value().empty(); }));
  first->Stop();
  first.reset();
  EXPECT_EQ(jobs_->GetJobById(broken)->position,
            (JobPosition{JobState::kRunning, JobStage::kTraining}));
  const auto second = StartWorker("b");
  ASSERT_EQ(AwaitEnd(broken).position.state, JobState::kSucceeded);
  EXPECT_EQ(models_->GetByJob(broken)->tree_sha256.Hex(),
            models_->GetByJob(straight)->tree_sha256.Hex());
  EXPECT_EQ(models_->GetAudit(broken)->report_sha256.Hex(),
            models_->GetAudit(straight)->report_sha256.Hex());
  EXPECT_EQ(CountEvents(broken, kEventWorkerLost), 0);
  EXPECT_EQ(CountEvents(broken, kEventState, "TRAINING"), 1);
}

class SharedModeTest : public WorkerTest {
 protected:
  std::string MakeShared(int64_t seed, int64_t epochs) {
    return MakeJob({.seed = seed, .epochs = epochs, .engine_mode = kShared});
  }
  // How many trainings the job's event of its rows tells of, itself included; 0: it tells nothing.
  int TrainingsTogether(const std::string& id) {
    for (const EventRecord& event : Events(id))
      if (event.event.data.is_object() && event.event.data.contains("trainings_together"))
        return event.event.data["trainings_together"].get<int>();
    return 0;
  }
  std::vector<double> Losses(const std::string& id) {
    std::vector<double> losses;
    const auto metrics = jobs_->ListMetrics(id, 0, 10000).value();
    for (const auto& row : metrics) losses.push_back(row.data["loss"].get<double>());
    return losses;
  }
};

TEST_F(SharedModeTest, WaitingJobsTrainTogetherAndEndOnTheirOwn) {
  const std::string alone = MakeJob({.seed = 1, .epochs = 4});
  const std::string first = MakeShared(1, 4), cancelled = MakeShared(2, 50),
                    short_one = MakeShared(3, 2);
  const auto worker = StartWorker("a");
  Await(short_one, [](const JobRecord& job) { return job.position.stage == JobStage::kAuditing; });
  ASSERT_TRUE(jobs_->CancelJob(kProject, cancelled).ok());
  EXPECT_EQ(AwaitEnd(cancelled).position.state, JobState::kCancelled);
  for (const std::string& id : {alone, first, short_one}) {
    const JobRecord job = AwaitEnd(id);
    EXPECT_EQ(job.position.state, JobState::kSucceeded) << (job.error ? job.error->message : "");
    EXPECT_TRUE(models_->GetByJob(id).ok());
  }
  EXPECT_EQ(TrainingsTogether(first), 3);
  EXPECT_EQ(TrainingsTogether(short_one), 3);
  EXPECT_EQ(TrainingsTogether(alone), 0);
  EXPECT_TRUE(AwaitTrue([&] { return std::filesystem::is_empty(folder_ + "/cache-a/tasks"); }));
  const std::vector<double> together = Losses(first), isolated = Losses(alone);
  ASSERT_EQ(together.size(), isolated.size());
  for (size_t i = 0; i < isolated.size(); ++i) EXPECT_NEAR(together[i], isolated[i], 1e-3) << i;
}

TEST_F(SharedModeTest, DrainedTrainingsGoOnElsewhere) {
  const std::vector<std::string> ids = {MakeShared(1, 8), MakeShared(2, 8)};
  auto first = StartWorker("a");
  ASSERT_TRUE(AwaitTrue([&] {
    return std::all_of(ids.begin(), ids.end(), [&](const std::string& id) {
      return !jobs_->ListCheckpoints(id).value().empty();
    });
  }));
  first->Stop();
  first.reset();
  const auto second = StartWorker("b");
  for (const std::string& id : ids) {
    EXPECT_EQ(AwaitEnd(id).position.state, JobState::kSucceeded);
    EXPECT_EQ(CountEvents(id, kEventWorkerLost), 0);
    const auto metrics = jobs_->ListMetrics(id, 0, 10000).value();
    for (size_t i = 0; i < metrics.size(); ++i)
      EXPECT_EQ(metrics[i].step, static_cast<int64_t>(i) + 1);
  }
}

class ServingTest : public WorkerTest {
 protected:
  absl::StatusOr<std::vector<int>> Generate(int port, const Digest& adapter,
                                            const std::string& secret = kSecret,
                                            int prompt_token = 20) {
    const auto channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                             grpc::InsecureChannelCredentials());
    const auto stub = internal::v1::EngineService::NewStub(channel);
    internal::v1::GenerateRequest request;
    request.set_base_tree_sha256(bases_->Get(kBase)->tree_sha256.Raw());
    if (adapter != Digest{}) request.set_adapter_tree_sha256(adapter.Raw());
    request.add_prompt_tokens(1);
    request.add_prompt_tokens(prompt_token);
    request.mutable_sampling()->set_max_new_tokens(12);
    request.set_stop_token(2);
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + secret);
    const auto reader = stub->Generate(&context, request);
    std::vector<int> tokens;
    internal::v1::GenerateResponse response;
    bool finished = false;
    while (reader->Read(&response)) {
      EXPECT_FALSE(finished);
      tokens.insert(tokens.end(), response.tokens().begin(), response.tokens().end());
      finished = response.finish() != internal::v1::GenerateResponse::FINISH_UNSPECIFIED;
    }
    const absl::Status status = FromGrpcStatus(reader->Finish());
    if (!status.ok()) return status;
    EXPECT_TRUE(finished);
    return tokens;
  }
};

TEST_F(ServingTest, GeneratesWithTheBaseAndWithAnAdapter) {
  const std::string id = MakeJob({.epochs = 8});
  const auto worker = StartWorker("a");
  ASSERT_EQ(AwaitEnd(id).position.state, JobState::kSucceeded);
  const auto base = Generate(worker->port(), {});
  const auto tuned = Generate(worker->port(), models_->GetByJob(id)->tree_sha256);
  ASSERT_TRUE(base.ok() && tuned.ok()) << base.status() << tuned.status();
  EXPECT_FALSE(base->empty());
  EXPECT_NE(*base, *tuned);
  EXPECT_EQ(*base, *Generate(worker->port(), {}));
}

TEST_F(ServingTest, RefusesWrongSecretsUnknownTreesAndTokensOutsideTheVocabulary) {
  const auto worker = StartWorker("a");
  EXPECT_EQ(GetErrorInfo(Generate(worker->port(), {}, "guess").status()).reason, "INVALID_KEY");
  EXPECT_TRUE(absl::IsNotFound(Generate(worker->port(), Sha256Of("no such tree")).status()));
  EXPECT_EQ(GetErrorInfo(Generate(worker->port(), {}, kSecret, 5000).status()).reason,
            "INVALID_FIELD");
}

TEST_F(ServingTest, AnswersChatsInTheMiddleOfATrainingWithoutChangingIt) {
  const auto worker = StartWorker("a");
  const std::string quiet = MakeJob({.epochs = 8});
  ASSERT_EQ(AwaitEnd(quiet).position.state, JobState::kSucceeded);
  const std::string busy = MakeJob({.epochs = 8});
  Await(busy, IsTraining);
  int answered = 0;
  while (IsTraining(jobs_->GetJobById(busy).value())) {
    const auto tokens = Generate(worker->port(), models_->GetByJob(quiet)->tree_sha256);
    ASSERT_TRUE(tokens.ok()) << tokens.status();
    ++answered;
  }
  EXPECT_GE(answered, 1);
  ASSERT_EQ(AwaitEnd(busy).position.state, JobState::kSucceeded);
  EXPECT_EQ(models_->GetByJob(busy)->tree_sha256.Hex(),
            models_->GetByJob(quiet)->tree_sha256.Hex());
}

TEST_F(ServingTest, ChatsOfABaseAreDecodedTogetherToTheSameAnswers) {
  const std::string id = MakeJob({.epochs = 8});
  const auto worker = StartWorker("a");
  ASSERT_EQ(AwaitEnd(id).position.state, JobState::kSucceeded);
  const Digest adapters[] = {Digest{}, models_->GetByJob(id)->tree_sha256};
  const auto ask = [&](int i) {
    return Generate(worker->port(), adapters[i % 2], kSecret, 10 + 7 * i).value();
  };
  std::vector<std::vector<int>> alone, together(16);
  for (int i = 0; i < 16; ++i) alone.push_back(ask(i));
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) callers.emplace_back([&, i] { together[i] = ask(i); });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(together, alone);
  EXPECT_NE(alone[0], alone[1]);
}

TEST_F(ServingTest, IsListedWithItsBasesUntilItStops) {
  auto worker = StartWorker("a");
  const auto found = workers_->FindForBase(kBase);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ((*found)[0].id, worker->worker_id());
  EXPECT_EQ((*found)[0].address, "127.0.0.1:" + std::to_string(worker->port()));
  RegisterBase("later", "sandbox@2");
  EXPECT_TRUE(AwaitTrue([&] { return workers_->FindForBase("later").ok(); }));
  worker->Stop();
  EXPECT_TRUE(workers_->List()->empty());
}

TEST(WorkerOptionsTest, NamesEverythingThatIsWrongAtOnce) {
  WorkerOptions options;
  options.roles = {"train", "dance"};
  options.engine.threads = 0;
  options.keeper.lease.ttl = std::chrono::seconds(1);
  const auto violations = GetErrorInfo(CheckWorkerOptions(options)).violations;
  std::set<std::string> fields;
  for (const FieldViolation& violation : violations) fields.insert(violation.field);
  EXPECT_EQ(fields, (std::set<std::string>{"dsn_file", "worker_secret_file", "blob_root",
                                           "cache_root", "roles", "threads", "lease"}));
}

}  // namespace
}  // namespace tuneward
