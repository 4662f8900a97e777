#include "client/client.h"

namespace tuneward::client {

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const ClientConfig& config,
                                                       ClientOptions options) {
  TW_ASSIGN_OR_RETURN(Connection public_connection,
                      Connect({config.endpoint, config.api_key, config.ca_file, config.insecure}));
  TW_ASSIGN_OR_RETURN(Connection admin_connection, Connect({config.admin_endpoint, config.admin_key,
                                                            config.ca_file, config.insecure}));
  return std::unique_ptr<Client>(
      new Client(std::move(options), std::move(public_connection), std::move(admin_connection)));
}

Client::Client(ClientOptions options, Connection public_connection, Connection admin_connection)
    : options_(std::move(options)),
      public_(std::move(public_connection)),
      admin_(std::move(admin_connection)),
      files_(v1::FileService::NewStub(public_.channel)),
      jobs_(v1::FineTuningService::NewStub(public_.channel)),
      models_(v1::ModelService::NewStub(public_.channel)),
      inference_(v1::InferenceService::NewStub(public_.channel)),
      projects_(admin::v1::ProjectService::NewStub(admin_.channel)),
      api_keys_(admin::v1::ApiKeyService::NewStub(admin_.channel)),
      base_models_(admin::v1::BaseModelService::NewStub(admin_.channel)),
      policies_(admin::v1::PolicyService::NewStub(admin_.channel)),
      reviews_(admin::v1::ReviewService::NewStub(admin_.channel)),
      workers_(admin::v1::WorkerService::NewStub(admin_.channel)) {}

void Client::AddKey(grpc::ClientContext& context, const std::string& key) {
  if (!key.empty()) context.AddMetadata("authorization", "Bearer " + key);
}

}  // namespace tuneward::client
