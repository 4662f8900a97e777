#include <gtest/gtest.h>
#include <httplib.h>

#include <iterator>
#include <map>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/integration/server/raw_call.h"
#include "tests/integration/server/server_fixture.h"

namespace tuneward {
namespace {

class OperationsTest : public ServerTest {
 protected:
  std::string Metrics() {
    httplib::Client http("127.0.0.1", app_->ports().metrics);
    const auto answer = http.Get("/metrics");
    return answer ? answer->body : "";
  }
};

TEST_F(OperationsTest, ShowsItsMetricsWithoutNamingAJobOrAFile) {
  RegisterBase();
  const v1::Job job = MakePlannedJob();
  const std::string text = Metrics();
  for (const std::string line :
       {"grpc_server_started_total{grpc_method=\"UploadFile\",grpc_service=\"tuneward.v1."
        "FileService\",grpc_type=\"client_stream\"} 1",
        "grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"CreateJob\"",
        "grpc_server_handling_seconds_bucket", "tuneward_jobs{state=\"queued\"} 1",
        "tuneward_jobs{state=\"running\"} 0", "tuneward_queue_oldest_seconds ",
        "tuneward_policy_rows_mixed_total{method=\"paraphrase\"} ",
        "tuneward_task_seconds_count{kind=\"plan\"} 1", "tuneward_db_pool_wait_seconds_bucket",
        "tuneward_lease_lost_total 0", "tuneward_workers{state=\"ready\"} 0",
        "tuneward_models{release=\"held\"} 0",
        "tuneward_tasks_open{kind=\"train\",state=\"queued\"} 1",
        "tuneward_release_total{verdict=\"blocked\"} 0", "tuneward_metrics_refresh_failed_total 0",
        "process_resident_memory_bytes "}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
  EXPECT_NE(text.find("tuneward_blob_bytes " + Sql("select sum(bytes) from blobs")),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("ftjob-"), std::string::npos);
  EXPECT_EQ(text.find("file-"), std::string::npos);
  EXPECT_EQ(text.find("alpha"), std::string::npos);
}

TEST_F(OperationsTest, AnswersHealthAndReflectionOnBothPorts) {
  // Both protocols' messages by their bytes: HealthCheckResponse{status: SERVING},
  // ServerReflectionRequest{list_services: ""}.
  for (const auto& [channel, service] :
       {std::pair(client_channel_, std::string("tuneward.v1.FileService")),
        {admin_channel_, "tuneward.admin.v1.ProjectService"}}) {
    std::string health, services;
    ASSERT_TRUE(RawCall(channel, "/grpc.health.v1.Health/Check", "", "", &health).ok());
    EXPECT_EQ(health, "\x08\x01");
    ASSERT_TRUE(RawCall(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                        std::string("\x3a\x00", 2), "", &services)
                    .ok());
    EXPECT_NE(services.find(service), std::string::npos) << services;
  }
}

TEST_F(OperationsTest, EndsWatchersOnShutdownAndTellsThemToComeBack) {
  RegisterBase();
  const v1::Job job = MakePlannedJob();
  grpc::ClientContext context;
  Prepare(context, alpha_key_);
  v1::WatchJobRequest request;
  request.set_name(job.name());
  const auto stub = v1::FineTuningService::NewStub(client_channel_);
  const auto reader = stub->WatchJob(&context, request);
  v1::WatchJobResponse response;
  ASSERT_TRUE(reader->Read(&response));
  std::thread stop([&] { app_->Shutdown(std::chrono::seconds(20)); });
  while (reader->Read(&response)) {
  }
  const absl::Status status = FromGrpcStatus(reader->Finish());
  stop.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(ReasonOf(status), "SERVER_SHUTDOWN");
}

class TraceTest : public OperationsTest {
 protected:
  struct Answer {
    std::string trace_id;  // as the server sent it
    absl::Status status;
  };
  Answer CreateJob(const std::string& file, const std::map<std::string, std::string>& metadata) {
    grpc::ClientContext context;
    Prepare(context, alpha_key_);
    for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
    v1::Job job;
    const grpc::Status status = v1::FineTuningService::NewStub(client_channel_)
                                    ->CreateJob(&context, JobRequest(file), &job);
    const auto sent = context.GetServerInitialMetadata().equal_range("x-trace-id");
    EXPECT_EQ(std::distance(sent.first, sent.second), 1);
    return {std::string(sent.first->second.data(), sent.first->second.size()),
            FromGrpcStatus(status, context)};
  }
};

TEST_F(TraceTest, TakesTheClientsIdOrDrawsOneAndKeepsItWithTheJob) {
  RegisterBase();
  const auto file = Upload(GoodRows());
  ASSERT_TRUE(file.ok()) << file.status();
  const std::string id = "4bf92f3577b34da6a3ce929d0e0e4736";
  const std::string parent = "00-" + id + "-00f067aa0ba902b7-01";
  EXPECT_EQ(CreateJob(file->name(), {{"traceparent", parent}, {"x-request-id", "r1"}}).trace_id,
            id);
  EXPECT_EQ(CreateJob(file->name(), {{"traceparent", "00-x"}, {"x-request-id", "r1"}}).trace_id,
            "r1");
  EXPECT_EQ(CreateJob(file->name(), {{"x-request-id", alpha_key_}, {"x-trace-id", "mine"}})
                .trace_id.size(),
            32u);
  const std::string drawn = CreateJob(file->name(), {}).trace_id;
  EXPECT_EQ(Sql("select string_agg(trace_id, ' ' order by id) from jobs where trace_id in ('" + id +
                "', 'r1', '" + drawn + "')"),
            id + " r1 " + drawn);
  EXPECT_EQ(Sql("select count(*) from jobs where trace_id ~ '^[0-9a-f]{32}$'"), "3");
}

TEST_F(TraceTest, AnErrorKeepsTheTraceIdThatTheServerSent) {
  const Answer refused = CreateJob("projects/alpha/files/file-none", {{"x-request-id", "r2"}});
  EXPECT_EQ(refused.status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(TraceIdOfError(refused.status), "r2");
}

class NarrowTest : public OperationsTest {
 protected:
  ServerOptions Options() override {
    ServerOptions options = OperationsTest::Options();
    options.admission.watch = 1;
    options.planner = false;
    return options;
  }
};

TEST_F(NarrowTest, ShedsTheCallsOfAFullClassAndServesTheOthers) {
  RegisterBase();
  const auto file = Upload(GoodRows());
  ASSERT_TRUE(file.ok()) << file.status();
  const auto job =
      Call(&v1::FineTuningService::Stub::CreateJob, JobRequest(file->name()), alpha_key_);
  ASSERT_TRUE(job.ok()) << job.status();
  const auto stub = v1::FineTuningService::NewStub(client_channel_);
  v1::WatchJobRequest request;
  request.set_name(job->name());
  v1::WatchJobResponse response;
  grpc::ClientContext first, second;
  Prepare(first, alpha_key_);
  Prepare(second, alpha_key_);
  const auto watching = stub->WatchJob(&first, request);
  ASSERT_TRUE(watching->Read(&response));
  const auto refused = stub->WatchJob(&second, request);
  EXPECT_FALSE(refused->Read(&response));
  const absl::Status status = FromGrpcStatus(refused->Finish());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(ReasonOf(status), "OVERLOADED");
  EXPECT_GT(GetErrorInfo(status).retry_after_ms, 0);
  v1::GetJobRequest get;
  get.set_name(job->name());
  EXPECT_TRUE(Call(&v1::FineTuningService::Stub::GetJob, get, alpha_key_).ok());
  first.TryCancel();
  while (watching->Read(&response)) {
  }
  (void)watching->Finish();
}

TEST_F(OperationsTest, AnswersUnavailableWhilePostgresIsAwayAndLosesNothing) {
  // The tests' cluster does not wait for its log; this database's sessions from now on do, as in
  // production.
  app_.reset();
  Sql("alter database " + database_ + " set synchronous_commit = on");
  StartServer();
  const auto file = Upload(GoodRows());
  ASSERT_TRUE(file.ok()) << file.status();
  v1::GetFileRequest request;
  request.set_name(file->name());
  ASSERT_TRUE(cluster_->Crash().ok());
  const absl::Status away = Call(&v1::FileService::Stub::GetFile, request, alpha_key_).status();
  EXPECT_EQ(away.code(), absl::StatusCode::kUnavailable) << away;
  EXPECT_EQ(ReasonOf(away), "STORE_UNAVAILABLE");
  EXPECT_GT(GetErrorInfo(away).retry_after_ms, 0);
  ASSERT_TRUE(cluster_->Restart().ok());
  const auto again = Call(&v1::FileService::Stub::GetFile, request, alpha_key_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->sha256(), file->sha256());
}

}  // namespace
}  // namespace tuneward
