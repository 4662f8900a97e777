// Keys and projects over every RPC: the table below holds a request that names project alpha's
// resources; the test walks all methods of all services of the protos, so that a new RPC without a
// row fails.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "absl/strings/str_cat.h"
#include "core/base/api_key.h"
#include "tests/integration/server/raw_call.h"
#include "tests/integration/server/server_fixture.h"

namespace tuneward {
namespace {

struct Row {
  std::string request;        // bytes
  std::string another_scope;  // of a key that may not call it; empty on the admin port
};

template <typename Request>
std::string Named(const std::string& name) {
  Request request;
  request.set_name(name);
  return request.SerializeAsString();
}

template <typename Request>
std::string Under(const std::string& parent) {
  Request request;
  request.set_parent(parent);
  return request.SerializeAsString();
}

class IsolationTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    RegisterBase();
    file_ = Upload(GoodRows()).value();
    job_ =
        Call(&v1::FineTuningService::Stub::CreateJob, JobRequest(file_.name()), alpha_key_).value();
  }

  std::map<std::string, Row> Table() {
    const std::string model = std::string(kAlpha) + "/models/ft:tiny:alpha:x:0123456789";
    v1::UploadFileRequest upload;
    *upload.mutable_metadata() = MetadataOf("");
    v1::ChatCompleteRequest chat;
    chat.set_parent(kBeta);  // one's own parent does not open another project's model
    chat.set_model(model);
    chat.add_messages()->set_role("user");
    v1::StreamChatCompleteRequest stream;
    *stream.mutable_chat() = chat;
    const std::string v1_files = "/tuneward.v1.FileService/",
                      v1_jobs = "/tuneward.v1.FineTuningService/";
    return {
        {v1_files + "UploadFile", {upload.SerializeAsString(), "chat"}},
        {v1_files + "GetFile", {Named<v1::GetFileRequest>(file_.name()), "files.write"}},
        {v1_files + "ListFiles", {Under<v1::ListFilesRequest>(kAlpha), "files.write"}},
        {v1_jobs + "CreateJob", {JobRequest(file_.name()).SerializeAsString(), "jobs.read"}},
        {v1_jobs + "GetJob", {Named<v1::GetJobRequest>(job_.name()), "jobs.write"}},
        {v1_jobs + "ListJobs", {Under<v1::ListJobsRequest>(kAlpha), "jobs.write"}},
        {v1_jobs + "CancelJob", {Named<v1::CancelJobRequest>(job_.name()), "jobs.read"}},
        {v1_jobs + "ListEvents", {Under<v1::ListEventsRequest>(job_.name()), "jobs.write"}},
        {v1_jobs + "WatchJob", {Named<v1::WatchJobRequest>(job_.name()), "jobs.write"}},
        {v1_jobs + "GetJobPlan",
         {Named<v1::GetJobPlanRequest>(job_.name() + "/plan"), "jobs.write"}},
        {v1_jobs + "GetAuditReport", {Named<v1::GetAuditReportRequest>(job_.name()), "jobs.write"}},
        {"/tuneward.v1.ModelService/ListModels", {Under<v1::ListModelsRequest>(kAlpha), "chat"}},
        {"/tuneward.v1.ModelService/GetModel", {Named<v1::GetModelRequest>(model), "chat"}},
        {"/tuneward.v1.InferenceService/ChatComplete", {chat.SerializeAsString(), "models.read"}},
        {"/tuneward.v1.InferenceService/StreamChatComplete",
         {stream.SerializeAsString(), "models.read"}},
        {"/tuneward.admin.v1.ProjectService/CreateProject", {"", ""}},
        {"/tuneward.admin.v1.ApiKeyService/CreateApiKey", {"", ""}},
        {"/tuneward.admin.v1.BaseModelService/RegisterBaseModel", {"", ""}},
        {"/tuneward.admin.v1.PolicyService/GetPolicy", {"", ""}},
        {"/tuneward.admin.v1.ReviewService/DecideRelease", {"", ""}},
        {"/tuneward.admin.v1.WorkerService/ListWorkers", {"", ""}},
    };
  }

  // "/package.Service/Method" of every method in the proto files of a folder.
  std::vector<std::string> MethodsOf(const std::string& folder) {
    std::vector<std::string> methods;
    for (const auto& entry :
         std::filesystem::directory_iterator(TUNEWARD_SOURCE_DIR "/proto/" + folder)) {
      const std::string path = folder + "/" + entry.path().filename().string();
      const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(path);
      EXPECT_NE(file, nullptr) << path << " is not linked";
      for (int s = 0; file != nullptr && s < file->service_count(); ++s) {
        const auto* service = file->service(s);
        for (int m = 0; m < service->method_count(); ++m) {
          methods.push_back(
              absl::StrCat("/", service->full_name(), "/", service->method(m)->name()));
        }
      }
    }
    return methods;
  }

  v1::File file_;
  v1::Job job_;
};

TEST_F(IsolationTest, EveryRpcRefusesKeysThatAreMissingWrongOrOfTheOtherKind) {
  const std::map<std::string, Row> table = Table();
  const std::string unknown = MakeApiKey(ApiKeyKind::kProject, entropy_);
  const std::string unknown_operator = MakeApiKey(ApiKeyKind::kOperator, entropy_);
  for (const std::string folder : {"tuneward/v1", "tuneward/admin/v1"}) {
    const bool admin = folder == "tuneward/admin/v1";
    for (const std::string& method : MethodsOf(folder)) {
      ASSERT_EQ(table.count(method), 1u) << method << " has no row in the table";
      const std::string& request = table.at(method).request;
      const auto& channel = admin ? admin_channel_ : client_channel_;
      for (const std::string& key :
           {std::string(), std::string("sk-nonsense"), alpha_key_ + "x",
            admin ? unknown_operator : unknown, admin ? alpha_key_ : operator_key_}) {
        const absl::Status status = RawCall(channel, method, request, key);
        EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << method << ": " << status;
        EXPECT_EQ(ReasonOf(status), "INVALID_KEY") << method;
      }
    }
  }
}

TEST_F(IsolationTest, EveryRpcOfClientsHidesAnotherProjectAndAsksForItsScope) {
  const std::map<std::string, Row> table = Table();
  std::map<std::string, std::string> narrow_keys;
  for (const std::string& method : MethodsOf("tuneward/v1")) {
    ASSERT_EQ(table.count(method), 1u) << method << " has no row in the table";
    const Row& row = table.at(method);
    const absl::Status foreign = RawCall(client_channel_, method, row.request, beta_key_);
    EXPECT_EQ(foreign.code(), absl::StatusCode::kNotFound) << method << ": " << foreign;
    EXPECT_EQ(ReasonOf(foreign), "NOT_FOUND") << method;

    std::string& key = narrow_keys[row.another_scope];
    if (key.empty()) key = NewKey(kAlpha, {row.another_scope});
    const absl::Status narrow = RawCall(client_channel_, method, row.request, key);
    EXPECT_EQ(narrow.code(), absl::StatusCode::kPermissionDenied) << method << ": " << narrow;
    EXPECT_EQ(ReasonOf(narrow), "KEY_SCOPE") << method;
  }
  const auto job = Call(
      &v1::FineTuningService::Stub::GetJob,
      [&] {
        v1::GetJobRequest request;
        request.set_name(job_.name());
        return request;
      }(),
      alpha_key_);
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_NE(job->state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(CountRows("files"), "1");
}

TEST_F(IsolationTest, EachPortServesItsOwnServicesOnly) {
  const absl::Status on_client =
      RawCall(client_channel_, "/tuneward.admin.v1.WorkerService/ListWorkers", "", operator_key_);
  EXPECT_EQ(on_client.code(), absl::StatusCode::kUnimplemented) << on_client;
  const absl::Status on_admin = RawCall(admin_channel_, "/tuneward.v1.FileService/ListFiles",
                                        Under<v1::ListFilesRequest>(kAlpha), alpha_key_);
  EXPECT_EQ(on_admin.code(), absl::StatusCode::kUnimplemented) << on_admin;
}

TEST_F(IsolationTest, AnExpiredOrRevokedKeyIsNoKey) {
  v1::ListFilesRequest request;
  request.set_parent(kAlpha);
  ASSERT_TRUE(Call(&v1::FileService::Stub::ListFiles, request, alpha_key_).ok());
  Sql("update api_keys set expires_at = clock_timestamp() - interval '1 second' where project_id = "
      "'alpha'");
  EXPECT_EQ(ReasonOf(Call(&v1::FileService::Stub::ListFiles, request, alpha_key_).status()),
            "INVALID_KEY");
  Sql("update api_keys set expires_at = null, revoked_at = clock_timestamp() where project_id = "
      "'alpha'");
  EXPECT_EQ(ReasonOf(Call(&v1::FileService::Stub::ListFiles, request, alpha_key_).status()),
            "INVALID_KEY");
}

}  // namespace
}  // namespace tuneward
