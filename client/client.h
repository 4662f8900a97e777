// The C++ client of tuneward: stubs of every service, unary calls with retries, upload and watch.
// One Client serves many threads (stubs are thread-safe); it owns its channels. Errors are
// absl::Status with the details of contracts.md D10 (GetErrorInfo).
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <grpcpp/client_context.h>

#include "client/channel.h"
#include "client/config.h"
#include "client/retry.h"
#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/status.h"
#include "net/grpc_status.h"
#include "tuneward/admin/v1/api_keys.grpc.pb.h"
#include "tuneward/admin/v1/base_models.grpc.pb.h"
#include "tuneward/admin/v1/policies.grpc.pb.h"
#include "tuneward/admin/v1/projects.grpc.pb.h"
#include "tuneward/admin/v1/reviews.grpc.pb.h"
#include "tuneward/admin/v1/workers.grpc.pb.h"
#include "tuneward/v1/files.grpc.pb.h"
#include "tuneward/v1/fine_tuning.grpc.pb.h"
#include "tuneward/v1/inference.grpc.pb.h"
#include "tuneward/v1/models.grpc.pb.h"

namespace tuneward::client {

struct ClientOptions {
  RetryOptions retry;
  Sleeper sleep = RealSleeper();
  std::chrono::milliseconds deadline{60000};  // of one attempt of a unary call
};

class Client {
 public:
  // Dials on the first call. The config's endpoints and keys are checked here.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const ClientConfig& config,
                                                        ClientOptions options = {});

  v1::FileService::StubInterface& files() { return *files_; }
  v1::FineTuningService::StubInterface& jobs() { return *jobs_; }
  v1::ModelService::StubInterface& models() { return *models_; }
  v1::InferenceService::StubInterface& inference() { return *inference_; }
  admin::v1::ProjectService::StubInterface& projects() { return *projects_; }
  admin::v1::ApiKeyService::StubInterface& api_keys() { return *api_keys_; }
  admin::v1::BaseModelService::StubInterface& base_models() { return *base_models_; }
  admin::v1::PolicyService::StubInterface& policies() { return *policies_; }
  admin::v1::ReviewService::StubInterface& reviews() { return *reviews_; }
  admin::v1::WorkerService::StubInterface& workers() { return *workers_; }

  // One unary call, repeated where that is safe:  Call(c.files(),
  // &v1::FileService::StubInterface::GetFile, request) A request that creates something must carry
  // a request_id (NewRequestId).
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    Response response;
    TW_RETURN_IF_ERROR(CallWithRetry(options_.retry, options_.sleep, [&] {
      grpc::ClientContext context;
      Prepare<Stub>(context);
      context.set_deadline(std::chrono::system_clock::now() + options_.deadline);
      response.Clear();
      return FromGrpcStatus((stub.*method)(&context, request, &response), context);
    }));
    return response;
  }

  // Adds the key to the context of a streaming call to a public service.
  void PreparePublic(grpc::ClientContext& context) const { AddKey(context, public_.key); }

  std::string NewRequestId() { return ids_.Make("req-"); }
  const ClientOptions& options() const { return options_; }

 private:
  Client(ClientOptions options, Connection public_connection, Connection admin_connection);

  template <typename Stub>
  void Prepare(grpc::ClientContext& context) const {
    constexpr bool kPublic = std::is_same_v<Stub, v1::FileService::StubInterface> ||
                             std::is_same_v<Stub, v1::FineTuningService::StubInterface> ||
                             std::is_same_v<Stub, v1::ModelService::StubInterface> ||
                             std::is_same_v<Stub, v1::InferenceService::StubInterface>;
    AddKey(context, kPublic ? public_.key : admin_.key);
  }
  static void AddKey(grpc::ClientContext& context, const std::string& key);

  const ClientOptions options_;
  const Connection public_;
  const Connection admin_;
  SystemClock clock_;
  SystemEntropy entropy_;
  IdGenerator ids_{clock_, entropy_};
  std::unique_ptr<v1::FileService::StubInterface> files_;
  std::unique_ptr<v1::FineTuningService::StubInterface> jobs_;
  std::unique_ptr<v1::ModelService::StubInterface> models_;
  std::unique_ptr<v1::InferenceService::StubInterface> inference_;
  std::unique_ptr<admin::v1::ProjectService::StubInterface> projects_;
  std::unique_ptr<admin::v1::ApiKeyService::StubInterface> api_keys_;
  std::unique_ptr<admin::v1::BaseModelService::StubInterface> base_models_;
  std::unique_ptr<admin::v1::PolicyService::StubInterface> policies_;
  std::unique_ptr<admin::v1::ReviewService::StubInterface> reviews_;
  std::unique_ptr<admin::v1::WorkerService::StubInterface> workers_;
};

}  // namespace tuneward::client
