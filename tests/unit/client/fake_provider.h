// A provider in the test's own process: the public and operators' services over real gRPC on a port
// that the system chose, with answers that a test sets. What it was asked is kept.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "core/base/sha256.h"
#include "core/base/status.h"
#include "net/grpc_status.h"
#include "tuneward/admin/v1/api_keys.grpc.pb.h"
#include "tuneward/admin/v1/projects.grpc.pb.h"
#include "tuneward/admin/v1/reviews.grpc.pb.h"
#include "tuneward/v1/files.grpc.pb.h"
#include "tuneward/v1/fine_tuning.grpc.pb.h"
#include "tuneward/v1/inference.grpc.pb.h"
#include "tuneward/v1/models.grpc.pb.h"

namespace tuneward {

struct FakeFiles : v1::FileService::Service {
  grpc::Status UploadFile(grpc::ServerContext* context,
                          grpc::ServerReader<v1::UploadFileRequest>* reader,
                          v1::File* file) override {
    v1::UploadFileRequest part;
    if (!reader->Read(&part)) return {grpc::StatusCode::INVALID_ARGUMENT, "empty stream"};
    metadata.push_back(part.metadata());
    authorization = "";
    if (auto it = context->client_metadata().find("authorization");
        it != context->client_metadata().end()) {
      authorization = std::string(it->second.data(), it->second.size());
    }
    if (!failures.empty()) {
      const absl::Status failure = failures.front();
      failures.pop_front();
      return ToGrpcStatus(failure);
    }
    content.clear();
    while (reader->Read(&part)) {
      chunk_sizes.push_back(part.chunk().size());
      content += part.chunk();
    }
    *file = answer;
    file->set_bytes(static_cast<int64_t>(content.size()));
    file->set_sha256(Sha256Of(content).Raw());
    return grpc::Status::OK;
  }
  grpc::Status ListFiles(grpc::ServerContext*, const v1::ListFilesRequest* request,
                         v1::ListFilesResponse* response) override {
    list_requests.push_back(*request);
    const int begin = request->page_token().empty() ? 0 : std::stoi(request->page_token());
    for (int i = begin; i < file_count && i < begin + std::min(request->page_size(), page_max);
         ++i) {
      response->add_files()->set_name("projects/demo/files/file-" + std::to_string(i));
    }
    const int end = begin + response->files_size();
    if (end < file_count) response->set_next_page_token(std::to_string(end));
    return grpc::Status::OK;
  }
  std::deque<absl::Status> failures;  // one an upload, after the metadata
  std::vector<v1::UploadFileMetadata> metadata;
  std::vector<v1::ListFilesRequest> list_requests;
  std::vector<size_t> chunk_sizes;
  std::string content, authorization;
  v1::File answer;
  int file_count = 0, page_max = 2;
};

struct FakeJobs : v1::FineTuningService::Service {
  // One script a watch call: what it sends after `after_seq`, then how it ends.
  struct WatchScript {
    std::vector<v1::WatchJobResponse> updates;
    absl::Status end;
  };
  grpc::Status CreateJob(grpc::ServerContext*, const v1::CreateJobRequest* request,
                         v1::Job* job) override {
    created.push_back(*request);
    if (!create_failures.empty()) {
      const absl::Status failure = create_failures.front();
      create_failures.pop_front();
      return ToGrpcStatus(failure);
    }
    *job = request->job();
    job->set_name(request->parent() + "/jobs/ftjob-1");
    job->set_state(v1::JOB_STATE_VALIDATING_FILES);
    return grpc::Status::OK;
  }
  grpc::Status GetJob(grpc::ServerContext*, const v1::GetJobRequest* request,
                      v1::Job* job) override {
    asked.push_back(request->name());
    *job = answer;
    return ToGrpcStatus(get_failure);
  }
  grpc::Status WatchJob(grpc::ServerContext*, const v1::WatchJobRequest* request,
                        grpc::ServerWriter<v1::WatchJobResponse>* writer) override {
    watch_after.push_back(request->after_seq());
    if (scripts.empty()) return {grpc::StatusCode::INTERNAL, "no script left"};
    const WatchScript script = scripts.front();
    scripts.pop_front();
    for (const v1::WatchJobResponse& update : script.updates) writer->Write(update);
    return ToGrpcStatus(script.end);
  }
  grpc::Status GetJobPlan(grpc::ServerContext*, const v1::GetJobPlanRequest* request,
                          v1::JobPlan* response) override {
    asked.push_back(request->name());
    *response = plan;
    return grpc::Status::OK;
  }
  grpc::Status GetAuditReport(grpc::ServerContext*, const v1::GetAuditReportRequest* request,
                              v1::AuditReport* response) override {
    asked.push_back(request->name());
    *response = audit;
    return ToGrpcStatus(audit_failure);
  }
  std::vector<v1::CreateJobRequest> created;
  std::deque<absl::Status> create_failures;
  std::vector<std::string> asked;
  std::vector<int64_t> watch_after;
  std::deque<WatchScript> scripts;
  v1::Job answer;
  v1::JobPlan plan;
  v1::AuditReport audit;
  absl::Status get_failure, audit_failure;
};

struct FakeModels : v1::ModelService::Service {
  grpc::Status ListModels(grpc::ServerContext* context, const v1::ListModelsRequest*,
                          v1::ListModelsResponse*) override {
    const auto it = context->client_metadata().find("authorization");
    const std::string key = it == context->client_metadata().end()
                                ? ""
                                : std::string(it->second.data(), it->second.size());
    if (key == "Bearer good-key") return grpc::Status::OK;
    return ToGrpcStatus(
        MakeError(absl::StatusCode::kUnauthenticated, "INVALID_KEY", "the key is not known"));
  }
};

struct FakeInference : v1::InferenceService::Service {
  grpc::Status ChatComplete(grpc::ServerContext* context, const v1::ChatCompleteRequest* request,
                            v1::ChatCompleteResponse* response) override {
    if (!trace_id.empty()) context->AddInitialMetadata("x-trace-id", trace_id);
    asked.push_back(*request);
    if (!failure.ok()) return ToGrpcStatus(failure);
    response->set_model(request->model());
    response->mutable_message()->set_role("assistant");
    response->mutable_message()->set_content("echo " + request->messages().rbegin()->content());
    response->set_finish_reason(v1::FINISH_REASON_STOP);
    return grpc::Status::OK;
  }
  // The same in pieces of three characters; `breaks` after the first.
  grpc::Status StreamChatComplete(
      grpc::ServerContext* context, const v1::StreamChatCompleteRequest* request,
      grpc::ServerWriter<v1::StreamChatCompleteResponse>* writer) override {
    v1::ChatCompleteResponse whole;
    grpc::Status status = ChatComplete(context, &request->chat(), &whole);
    if (!status.ok()) return status;
    const std::string& text = whole.message().content();
    v1::StreamChatCompleteResponse response;
    for (size_t at = 0; at < text.size(); at += 3) {
      response.set_text(text.substr(at, 3));
      writer->Write(response);
      if (!breaks.ok()) return ToGrpcStatus(breaks);
    }
    response.clear_text();
    response.set_finish_reason(finish);
    writer->Write(response);
    return grpc::Status::OK;
  }
  std::vector<v1::ChatCompleteRequest> asked;
  std::string trace_id;
  absl::Status failure, breaks;
  v1::FinishReason finish = v1::FINISH_REASON_STOP;
};

struct FakeReviews : admin::v1::ReviewService::Service {
  grpc::Status DecideRelease(grpc::ServerContext*, const admin::v1::DecideReleaseRequest* request,
                             v1::Model* model) override {
    asked.push_back(*request);
    model->set_name("projects/demo/models/ft:nano:demo::abc");
    model->set_release(request->release());
    return grpc::Status::OK;
  }
  std::vector<admin::v1::DecideReleaseRequest> asked;
};

struct FakeKeys : admin::v1::ApiKeyService::Service {
  grpc::Status CreateApiKey(grpc::ServerContext*, const admin::v1::CreateApiKeyRequest* request,
                            admin::v1::CreateApiKeyResponse* response) override {
    response->mutable_api_key()->set_name(request->parent() + "/apiKeys/key-1");
    response->set_secret("tw-secret");
    return grpc::Status::OK;
  }
};

class FakeProvider {
 public:
  FakeProvider() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    for (grpc::Service* service : std::initializer_list<grpc::Service*>{
             &files, &jobs, &models, &inference, &reviews, &keys}) {
      builder.RegisterService(service);
    }
    server_ = builder.BuildAndStart();
    endpoint = "127.0.0.1:" + std::to_string(port);
  }
  ~FakeProvider() { server_->Shutdown(); }

  FakeFiles files;
  FakeJobs jobs;
  FakeModels models;
  FakeInference inference;
  FakeReviews reviews;
  FakeKeys keys;
  std::string endpoint;

 private:
  std::unique_ptr<grpc::Server> server_;
};

inline v1::WatchJobResponse EventUpdate(int64_t seq, const std::string& message,
                                        const std::string& type = "message") {
  v1::WatchJobResponse update;
  update.mutable_event()->set_seq(seq);
  update.mutable_event()->set_level("info");
  update.mutable_event()->set_type(type);
  update.mutable_event()->set_message(message);
  return update;
}

inline v1::WatchJobResponse JobUpdate(v1::JobState state,
                                      v1::JobStage stage = v1::JOB_STAGE_UNSPECIFIED) {
  v1::WatchJobResponse update;
  update.mutable_job()->set_name("projects/demo/jobs/ftjob-1");
  update.mutable_job()->set_state(state);
  update.mutable_job()->set_stage(stage);
  return update;
}

}  // namespace tuneward
