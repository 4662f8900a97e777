// The client library against a provider in this process.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/client.h"
#include "client/upload.h"
#include "client/watch.h"
#include "tests/unit/client/fake_provider.h"

namespace tuneward::client {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

absl::Status Busy(int64_t retry_after_ms) {
  return MakeError(absl::StatusCode::kUnavailable, "the database is away",
                   {"STORE_UNAVAILABLE", {}, {}, retry_after_ms});
}

class ClientTest : public testing::Test {
 protected:
  void SetUp() override {
    ClientConfig config;
    config.endpoint = config.admin_endpoint = provider_.endpoint;
    config.api_key = "good-key";
    ClientOptions options;
    options.sleep = [this](milliseconds time) { slept_.push_back(time); };
    auto client = Client::Create(config, options);
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = *std::move(client);
  }
  std::string WriteTemp(const std::string& content) {
    const std::string path = testing::TempDir() + "/upload-" + std::to_string(getpid()) + ".jsonl";
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  FakeProvider provider_;
  std::vector<milliseconds> slept_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, UnavailableCallIsRepeatedAfterTheTimeTheServerAsksFor) {
  provider_.jobs.create_failures = {Busy(1500), Busy(0)};
  v1::CreateJobRequest request;
  request.set_parent("projects/demo");
  request.set_request_id(client_->NewRequestId());
  const auto job =
      client_->Call(client_->jobs(), &v1::FineTuningService::StubInterface::CreateJob, request);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_THAT(slept_, ElementsAre(milliseconds(1500), milliseconds(400)));
  ASSERT_EQ(provider_.jobs.created.size(), 3u);
  EXPECT_EQ(provider_.jobs.created[0].request_id(), provider_.jobs.created[2].request_id());
}

TEST_F(ClientTest, QuotaAndBadArgumentsAreNotRepeated) {
  provider_.jobs.create_failures = {
      MakeError(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED", "too many jobs")};
  v1::CreateJobRequest request;
  auto job =
      client_->Call(client_->jobs(), &v1::FineTuningService::StubInterface::CreateJob, request);
  EXPECT_EQ(GetErrorInfo(job.status()).reason, "QUOTA_EXCEEDED");
  EXPECT_EQ(provider_.jobs.created.size(), 1u);
  EXPECT_TRUE(slept_.empty());
}

TEST_F(ClientTest, GivesUpAfterTheLastAttempt) {
  provider_.jobs.get_failure = Busy(10);
  v1::GetJobRequest request;
  const auto job =
      client_->Call(client_->jobs(), &v1::FineTuningService::StubInterface::GetJob, request);
  EXPECT_TRUE(absl::IsUnavailable(job.status()));
  EXPECT_EQ(provider_.jobs.asked.size(), static_cast<size_t>(RetryOptions().attempts));
}

TEST_F(ClientTest, UploadSendsMetadataThenTheWholeFileInChunks) {
  std::string content(600 << 10, 'x');
  content[70000] = '\n';
  const auto file = UploadFile(*client_, {"projects/demo", WriteTemp(content), "rows.jsonl"});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(provider_.files.content, content);
  EXPECT_THAT(provider_.files.chunk_sizes, ElementsAre(256u << 10, 256u << 10, 88u << 10));
  ASSERT_EQ(provider_.files.metadata.size(), 1u);
  EXPECT_EQ(provider_.files.metadata[0].expected_sha256(), Sha256Of(content).Raw());
  EXPECT_EQ(provider_.files.metadata[0].expected_bytes(), static_cast<int64_t>(content.size()));
  EXPECT_EQ(provider_.files.metadata[0].filename(), "rows.jsonl");
  EXPECT_EQ(provider_.files.authorization, "Bearer good-key");
}

TEST_F(ClientTest, BrokenUploadIsSentAgainWithTheSameRequestId) {
  provider_.files.failures = {Busy(0)};
  const auto file = UploadFile(*client_, {"projects/demo", WriteTemp("{}\n"), ""});
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(provider_.files.metadata.size(), 2u);
  EXPECT_EQ(provider_.files.metadata[0].request_id(), provider_.files.metadata[1].request_id());
  EXPECT_FALSE(provider_.files.metadata[0].request_id().empty());
  EXPECT_EQ(provider_.files.content, "{}\n");
}

TEST_F(ClientTest, RefusedUploadReportsTheServersAnswerAlsoWhenItCameInMidStream) {
  provider_.files.failures = {MakeError(absl::StatusCode::kInvalidArgument, "LIMIT_EXCEEDED",
                                        "too large", {{"limit", "10"}, {"got", "8388608"}})};
  const auto file =
      UploadFile(*client_, {"projects/demo", WriteTemp(std::string(8 << 20, 'x')), ""});
  EXPECT_TRUE(absl::IsInvalidArgument(file.status())) << file.status();
  EXPECT_EQ(GetErrorInfo(file.status()).reason, "LIMIT_EXCEEDED");
  EXPECT_EQ(GetErrorInfo(file.status()).metadata.at("limit"), "10");
  EXPECT_EQ(provider_.files.metadata.size(), 1u);
}

TEST_F(ClientTest, MissingFileAndFolderAreRefusedBeforeAnyCall) {
  EXPECT_TRUE(
      absl::IsNotFound(UploadFile(*client_, {"projects/demo", "/nonexistent/rows", ""}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      UploadFile(*client_, {"projects/demo", testing::TempDir(), ""}).status()));
  EXPECT_TRUE(provider_.files.metadata.empty());
}

TEST_F(ClientTest, WatchResumesAfterTheLastEventAndShowsEachOnce) {
  provider_.jobs.scripts = {
      {{JobUpdate(v1::JOB_STATE_RUNNING), EventUpdate(1, "a"), EventUpdate(2, "b")}, Busy(0)},
      {{EventUpdate(2, "b"), EventUpdate(3, "c"), JobUpdate(v1::JOB_STATE_SUCCEEDED)},
       absl::OkStatus()}};
  std::vector<std::string> seen;
  int reconnects = 0;
  WatchCallbacks callbacks;
  callbacks.on_event = [&](const v1::JobEvent& event) { seen.push_back(event.message()); };
  callbacks.on_reconnect = [&](const absl::Status&) { ++reconnects; };
  const auto job = WatchJob(*client_, {.name = "projects/demo/jobs/ftjob-1"}, callbacks);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_THAT(seen, ElementsAre("a", "b", "c"));
  EXPECT_THAT(provider_.jobs.watch_after, ElementsAre(0, 2));
  EXPECT_EQ(reconnects, 1);
}

TEST_F(ClientTest, WatchThatEndsBeforeTheJobIsOpenedAgain) {
  provider_.jobs.scripts = {{{JobUpdate(v1::JOB_STATE_RUNNING)}, absl::OkStatus()},
                            {{JobUpdate(v1::JOB_STATE_FAILED)}, absl::OkStatus()}};
  const auto job = WatchJob(*client_, {.name = "projects/demo/jobs/ftjob-1", .after_seq = 7}, {});
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(job->state(), v1::JOB_STATE_FAILED);
  EXPECT_THAT(provider_.jobs.watch_after, ElementsAre(7, 7));
}

TEST_F(ClientTest, WatchOfAnUnknownJobEndsAtOnce) {
  provider_.jobs.scripts = {
      {{}, MakeError(absl::StatusCode::kNotFound, "NOT_FOUND", "no such job")}};
  EXPECT_TRUE(
      absl::IsNotFound(WatchJob(*client_, {.name = "projects/demo/jobs/ftjob-9"}, {}).status()));
  EXPECT_TRUE(slept_.empty());
}

}  // namespace
}  // namespace tuneward::client
