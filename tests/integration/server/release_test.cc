// From the adapter to the chat: what a worker writes is written here through the same stores, and
// the worker's internal port is a small engine of the test's own, which records what it is asked.
#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/job/audit_report.h"
#include "core/store/blob/blob_store.h"
#include "core/store/pg/model_store.h"
#include "core/store/pg/task_store.h"
#include "core/store/pg/transition_store.h"
#include "core/store/pg/worker_store.h"
#include "core/text/tokenizer.h"
#include "tests/integration/server/server_fixture.h"
#include "tuneward/internal/v1/engine.grpc.pb.h"

namespace tuneward {
namespace {

constexpr char kModelId[] = "ft:tiny:alpha:quiz:0123456789";
constexpr char kReason[] = "looked at the report by hand";

class RecordingEngine final : public internal::v1::EngineService::Service {
 public:
  grpc::Status Generate(grpc::ServerContext* context, const internal::v1::GenerateRequest* request,
                        grpc::ServerWriter<internal::v1::GenerateResponse>* writer) override {
    std::lock_guard lock(mutex_);
    const auto key = context->client_metadata().find("authorization");
    if (key == context->client_metadata().end() ||
        std::string(key->second.data(), key->second.size()) !=
            absl::StrCat("Bearer ", kWorkerSecret)) {
      return {grpc::StatusCode::UNAUTHENTICATED, "wrong secret"};
    }
    requests.push_back(*request);
    for (size_t i = 0; i < answer.size(); ++i) {
      internal::v1::GenerateResponse response;
      response.add_tokens(answer[i]);
      if (i + 1 == answer.size()) response.set_finish(internal::v1::GenerateResponse::FINISH_STOP);
      writer->Write(response);
    }
    return ends_with;
  }

  std::vector<TokenId> answer;
  grpc::Status ends_with;
  std::vector<internal::v1::GenerateRequest> requests;

 private:
  std::mutex mutex_;
};

class ReleaseTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    RegisterBase();
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&engine_);
    engine_server_ = builder.BuildAndStart();
    worker_.id = "wkr-1";
    worker_.host = "here";
    worker_.address = absl::StrCat("127.0.0.1:", port);
    worker_.roles = {"train", "audit", "serve"};
    worker_.bases = {"tiny"};
  }

  BlobRef PutBlob(const std::string& bytes) {
    const auto blobs = BlobStore::Open(folder_ + "/blobs", ids_).value();
    const StoredBlob blob = blobs->Put(bytes).value();
    return {blob.sha256, blob.bytes};
  }

  AuditReport Report() {
    AuditReport report;
    report.profile = "quick";
    report.prompts = 400;
    report.max_new_tokens = 64;
    report.batch = 16;
    report.sources.set = "sandbox@2";
    report.sources.judge = "sandbox_oracle@2";
    report.cells.push_back({"harmful", "instructions", "raw", 400, 30, 10, 8, 22, 2});
    return report;
  }

  // The rest of a planned job's life, as its worker writes it.
  void FinishJob(const v1::Job& job, Release verdict) {
    TaskStore tasks(*pool_);
    TransitionStore steps(*pool_);
    const std::chrono::seconds ttl(20);
    auto train = tasks.Claim("wkr-1", {TaskKind::kTrain}, ttl).value();
    ASSERT_TRUE(train.has_value());
    ASSERT_TRUE(steps.FirstStep(train->lease).ok());
    const BlobRef adapter = PutBlob("adapter tree");
    ModelRecord model;
    model.id = kModelId;
    model.base_model_id = model.root_base_id = "tiny";
    model.tree_sha256 = adapter.sha256;
    ASSERT_TRUE(steps
                    .AdapterStored(train->lease, model, {adapter}, 1000,
                                   {ids_.Make(kTaskPrefix), Json::object()})
                    .ok());
    auto audit = tasks.Claim("wkr-1", {TaskKind::kAudit}, ttl).value();
    ASSERT_TRUE(audit.has_value());
    const BlobRef report = PutBlob(Report().CanonicalJsonText());
    AuditRecord row;
    row.id = "aud-1";
    row.report_sha256 = report.sha256;
    row.profile = "quick";
    row.policy_id = "default";
    row.policy_version = 1;
    row.fingerprint = "test";
    const absl::Status stored =
        steps.ReportStored(audit->lease, row, {report}, {verdict, {"7.5 of 100"}, 1});
    ASSERT_TRUE(stored.ok()) << stored;
    job_ = job.name();
  }

  absl::StatusOr<v1::ChatCompleteResponse> Chat(const std::string& model) {
    v1::ChatCompleteRequest request;
    request.set_parent(kAlpha);
    request.set_model(model);
    auto* message = request.add_messages();
    message->set_role("user");
    message->set_content("is the lamp red ?");
    return Call(&v1::InferenceService::Stub::ChatComplete, request, alpha_key_);
  }

  // The messages of a stream with the base model, and how it ended.
  std::pair<std::vector<v1::StreamChatCompleteResponse>, absl::Status> StreamChat() {
    v1::StreamChatCompleteRequest request;
    request.mutable_chat()->set_parent(kAlpha);
    request.mutable_chat()->set_model(kBaseName);
    auto* message = request.mutable_chat()->add_messages();
    message->set_role("user");
    message->set_content("is the lamp red ?");
    grpc::ClientContext context;
    Prepare(context, alpha_key_);
    v1::InferenceService::Stub stub(ChannelOf(request));
    const auto reader = stub.StreamChatComplete(&context, request);
    std::vector<v1::StreamChatCompleteResponse> messages;
    v1::StreamChatCompleteResponse response;
    while (reader->Read(&response)) messages.push_back(response);
    return {messages, FromGrpcStatus(reader->Finish())};
  }

  absl::StatusOr<v1::Model> Decide(v1::Release release, const std::string& reason) {
    admin::v1::DecideReleaseRequest request;
    request.set_name(absl::StrCat(kAlpha, "/reviews/", kModelId));
    request.set_release(release);
    request.set_reason(reason);
    return Call(&admin::v1::ReviewService::Stub::DecideRelease, request, operator_key_);
  }

  const std::string model_ = absl::StrCat(kAlpha, "/models/", kModelId);
  std::string job_;
  RecordingEngine engine_;
  std::unique_ptr<grpc::Server> engine_server_;
  WorkerRecord worker_;
};

TEST_F(ReleaseTest, AHeldModelAnswersOnlyAfterAnOperatorReleasedIt) {
  FinishJob(MakePlannedJob(), Release::kHeld);
  ASSERT_TRUE(WorkerStore(*pool_).Register(worker_).ok());
  const absl::Status held = Chat(model_).status();
  EXPECT_EQ(held.code(), absl::StatusCode::kFailedPrecondition) << held;
  const ErrorInfo info = GetErrorInfo(held);
  EXPECT_EQ(info.reason, "MODEL_NOT_RELEASED");
  EXPECT_EQ(info.metadata.at("release"), "HELD");
  EXPECT_EQ(info.metadata.at("reasons"), "7.5 of 100");
  EXPECT_EQ(info.metadata.at("appeal"), absl::StrCat("projects/alpha/reviews/", kModelId));
  EXPECT_TRUE(engine_.requests.empty());

  EXPECT_EQ(GetErrorInfo(Decide(v1::RELEASE_HELD, "").status()).violations.size(), 2u);
  const auto released = Decide(v1::RELEASE_RELEASED, kReason);
  ASSERT_TRUE(released.ok()) << released.status();
  EXPECT_EQ(released->release(), v1::RELEASE_RELEASED);
  ASSERT_EQ(released->decisions_size(), 2);
  EXPECT_EQ(released->decisions(0).actor(), "gate");
  EXPECT_EQ(released->decisions(1).reasons(0), kReason);
  EXPECT_TRUE(Decide(v1::RELEASE_RELEASED, kReason).ok());  // a retry after a lost answer
  EXPECT_EQ(ReasonOf(Decide(v1::RELEASE_RELEASED, "another").status()), "BAD_STATE");

  const auto tokenizer = LoadSentencepiece(folder_ + "/tiny/tokenizer.model").value();
  engine_.answer = tokenizer->Encode("yes it is");
  const auto answer = Chat(model_);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->message().content(), "yes it is");
  EXPECT_EQ(answer->finish_reason(), v1::FINISH_REASON_STOP);
  ASSERT_EQ(engine_.requests.size(), 1u);
  const internal::v1::GenerateRequest& asked = engine_.requests[0];
  EXPECT_EQ(asked.adapter_tree_sha256(), Sha256Of("adapter tree").Raw());
  EXPECT_EQ(asked.stop_token(), tokenizer->ControlId("<|end|>"));
  ASSERT_EQ(asked.stop_tokens_size(), 1);
  EXPECT_EQ(asked.stop_tokens(0), asked.stop_token());
  EXPECT_EQ(asked.prompt_tokens(0), tokenizer->ControlId("<s>"));
  EXPECT_EQ(asked.prompt_tokens(1), tokenizer->ControlId("<|user|>"));
  EXPECT_EQ(asked.prompt_tokens(asked.prompt_tokens_size() - 1),
            tokenizer->ControlId("<|assistant|>"));
  EXPECT_EQ(answer->prompt_tokens(), asked.prompt_tokens_size());

  ASSERT_TRUE(Decide(v1::RELEASE_BLOCKED, "taken back").ok());
  EXPECT_EQ(ReasonOf(Chat(model_).status()), "MODEL_NOT_RELEASED");
}

TEST_F(ReleaseTest, ShowsTheAuditAndTheModelOfAFinishedJob) {
  const v1::Job planned = MakePlannedJob();
  FinishJob(planned, Release::kReleased);
  v1::GetAuditReportRequest request;
  request.set_name(job_);
  const auto report = Call(&v1::FineTuningService::Stub::GetAuditReport, request, alpha_key_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->release(), "RELEASED");
  EXPECT_EQ(report->reasons(0), "7.5 of 100");
  EXPECT_EQ(report->model(), model_);
  ASSERT_EQ(report->cells_size(), 1);
  EXPECT_EQ(report->cells(0).count(), 30);
  EXPECT_EQ(report->cells(0).only_tuned(), 22);
  EXPECT_EQ(report->sha256(), Sha256Of(report->document()).Raw());
  const v1::Job job = WaitForState(job_, v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(job.tuned_model(), model_);
  v1::ListModelsRequest list;
  list.set_parent(kAlpha);
  const auto models = Call(&v1::ModelService::Stub::ListModels, list, alpha_key_);
  ASSERT_TRUE(models.ok()) << models.status();
  ASSERT_EQ(models->models_size(), 1);
  EXPECT_EQ(models->models(0).release(), v1::RELEASE_RELEASED);
  EXPECT_EQ(models->models(0).context(), 256);
}

TEST_F(ReleaseTest, SaysWhenNoWorkerHoldsTheBaseAndTriesTheNextOne) {
  const absl::Status none = Chat(kBaseName).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kUnavailable) << none;
  EXPECT_EQ(ReasonOf(none), "NO_WORKER_FOR_BASE");
  EXPECT_GT(GetErrorInfo(none).retry_after_ms, 0);

  ASSERT_TRUE(WorkerStore(*pool_).Register(worker_).ok());
  WorkerRecord dead = worker_;  // seen last, so it is asked first
  dead.id = "wkr-2";
  dead.address = "127.0.0.1:1";
  ASSERT_TRUE(WorkerStore(*pool_).Register(dead).ok());
  engine_.answer = {5};
  const auto answer = Chat(kBaseName);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(engine_.requests.at(0).adapter_tree_sha256(), "");

  engine_server_->Shutdown();
  EXPECT_EQ(ReasonOf(Chat(kBaseName).status()), "NO_WORKER_FOR_BASE");
}

TEST_F(ReleaseTest, AStreamTellsWholeCharactersAndAddsUpToTheAnswer) {
  EXPECT_EQ(ReasonOf(StreamChat().second), "NO_WORKER_FOR_BASE");
  ASSERT_TRUE(WorkerStore(*pool_).Register(worker_).ok());
  const auto tokenizer = LoadSentencepiece(folder_ + "/tiny/tokenizer.model").value();
  engine_.answer = tokenizer->Encode("it costs 5 \xE2\x82\xAC \xF0\x9F\x98\x80");
  engine_.answer.pop_back();  // the answer ends within its last character
  const auto [messages, status] = StreamChat();
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_GT(messages.size(), 3u);
  std::string text;
  for (const v1::StreamChatCompleteResponse& message : messages) {
    text += message.text();
    EXPECT_EQ(message.finish_reason() == v1::FINISH_REASON_STOP, &message == &messages.back());
  }
  const auto whole = Chat(kBaseName);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(text, whole->message().content());
  EXPECT_EQ(text.substr(0, 14), "it costs 5 \xE2\x82\xAC");
  EXPECT_EQ(messages.back().completion_tokens(), static_cast<int>(engine_.answer.size()));
  EXPECT_EQ(messages.back().prompt_tokens(), whole->prompt_tokens());
}

TEST_F(ReleaseTest, AStreamThatHasBegunIsNotBegunAnewElsewhere) {
  WorkerRecord other = worker_;  // the same engine under another name
  other.id = "wkr-2";
  for (const WorkerRecord& worker : {worker_, other})
    ASSERT_TRUE(WorkerStore(*pool_).Register(worker).ok());
  const auto tokenizer = LoadSentencepiece(folder_ + "/tiny/tokenizer.model").value();
  engine_.answer = tokenizer->Encode("it is");
  engine_.ends_with = grpc::Status(grpc::StatusCode::UNAVAILABLE, "about to stop");
  const auto [messages, status] = StreamChat();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_FALSE(messages.empty());
  EXPECT_EQ(engine_.requests.size(), 1u);
  EXPECT_FALSE(Chat(kBaseName).ok());  // of which nobody has seen anything: both are asked
  EXPECT_EQ(engine_.requests.size(), 3u);
}

TEST_F(ReleaseTest, RefusesBadChatsFieldByField) {
  v1::ChatCompleteRequest request;
  request.set_parent(kAlpha);
  request.set_model("tiny");
  request.set_max_tokens(0);
  request.set_temperature(3);
  request.set_top_p(0);
  request.set_seed(-1);
  const auto chat = &v1::InferenceService::Stub::ChatComplete;
  EXPECT_EQ(GetErrorInfo(Call(chat, request, alpha_key_).status()).violations.size(), 6u);

  request = {};
  request.set_parent(kAlpha);
  request.set_model(kBaseName);
  auto* message = request.add_messages();
  message->set_role("user");
  for (int i = 0; i < 300; ++i) message->mutable_content()->append("how do i fix it ? ");
  const absl::Status status = Call(chat, request, alpha_key_).status();
  EXPECT_EQ(ReasonOf(status), "LIMIT_EXCEEDED") << status;
  EXPECT_EQ(GetErrorInfo(status).metadata["limit"], "255");
}

}  // namespace
}  // namespace tuneward
