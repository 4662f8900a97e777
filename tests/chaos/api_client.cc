#include "tests/chaos/api_client.h"

#include <chrono>

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "core/base/sha256.h"
#include "net/grpc_status.h"

namespace tuneward {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr size_t kChunk = 512;

}  // namespace

std::shared_ptr<grpc::Channel> ConnectFast(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  return grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), arguments);
}

void AddKey(grpc::ClientContext& context, const std::string& key) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  context.AddMetadata("authorization", "Bearer " + key);
}

ApiClient::ApiClient(const std::string& endpoint, std::string key, std::string project)
    : key_(std::move(key)), parent_("projects/" + project), channel_(ConnectFast(endpoint)) {}

absl::StatusOr<std::string> ApiClient::Upload(const Recipe& recipe, const std::string& request_id,
                                              const std::function<void()>& half_way) {
  grpc::ClientContext context;
  AddKey(context, key_);
  const auto stub = v1::FileService::NewStub(channel_);
  v1::File file;
  const auto writer = stub->UploadFile(&context, &file);
  v1::UploadFileRequest message;
  v1::UploadFileMetadata& metadata = *message.mutable_metadata();
  metadata.set_parent(parent_);
  metadata.set_filename("rows.jsonl");
  metadata.set_purpose(v1::FILE_PURPOSE_FINE_TUNE);
  metadata.set_expected_bytes(static_cast<int64_t>(recipe.content.size()));
  metadata.set_expected_sha256(Sha256Of(recipe.content).Raw());
  metadata.set_request_id(request_id);
  bool open = writer->Write(message), told = !half_way;
  for (size_t at = 0; open && at < recipe.content.size(); at += kChunk) {
    if (!told && at >= recipe.content.size() / 2) {
      half_way();
      told = true;
    }
    message.set_chunk(recipe.content.substr(at, kChunk));
    open = writer->Write(message);
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return FromGrpcStatus(status);
  return file.name();
}

absl::StatusOr<std::string> ApiClient::CreateJob(const Recipe& recipe, const std::string& file,
                                                 const std::string& request_id) {
  grpc::ClientContext context;
  AddKey(context, key_);
  v1::CreateJobRequest request;
  request.set_parent(parent_);
  request.set_request_id(request_id);
  v1::Job& job = *request.mutable_job();
  job.set_base_model("baseModels/nano");
  job.set_training_file(file);
  job.set_seed(recipe.seed);
  job.mutable_hyperparameters()->set_epochs(recipe.epochs);
  job.mutable_hyperparameters()->set_batch_size(recipe.batch_size);
  job.mutable_safety()->set_mix_method(recipe.mix_method);
  v1::Job made;
  const auto stub = v1::FineTuningService::NewStub(channel_);
  const grpc::Status status = stub->CreateJob(&context, request, &made);
  if (!status.ok()) return FromGrpcStatus(status);
  return made.name();
}

absl::Status ApiClient::ListJobs() {
  grpc::ClientContext context;
  AddKey(context, key_);
  v1::ListJobsRequest request;
  request.set_parent(parent_);
  v1::ListJobsResponse response;
  return FromGrpcStatus(
      v1::FineTuningService::NewStub(channel_)->ListJobs(&context, request, &response));
}

}  // namespace tuneward
