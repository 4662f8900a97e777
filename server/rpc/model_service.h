// tuneward.v1.ModelService and InferenceService: authorise, convert, call, convert. Thread-safe;
// borrow what they are made of.
#pragma once

#include "core/store/pg/base_model_store.h"
#include "core/store/pg/model_store.h"
#include "server/chat_completer.h"
#include "server/rpc/call_guard.h"
#include "tuneward/v1/inference.grpc.pb.h"
#include "tuneward/v1/models.grpc.pb.h"

namespace tuneward {

class ModelServiceImpl final : public v1::ModelService::Service {
 public:
  ModelServiceImpl(CallGuard& guard, ModelStore& models, BaseModelStore& bases)
      : guard_(guard), models_(models), bases_(bases) {}

  grpc::Status ListModels(grpc::ServerContext* context, const v1::ListModelsRequest* request,
                          v1::ListModelsResponse* response) override;
  grpc::Status GetModel(grpc::ServerContext* context, const v1::GetModelRequest* request,
                        v1::Model* response) override;

 private:
  CallGuard& guard_;
  ModelStore& models_;
  BaseModelStore& bases_;
};

class InferenceServiceImpl final : public v1::InferenceService::Service {
 public:
  InferenceServiceImpl(CallGuard& guard, ChatCompleter& completer)
      : guard_(guard), completer_(completer) {}
  grpc::Status ChatComplete(grpc::ServerContext* context, const v1::ChatCompleteRequest* request,
                            v1::ChatCompleteResponse* response) override;
  grpc::Status StreamChatComplete(
      grpc::ServerContext* context, const v1::StreamChatCompleteRequest* request,
      grpc::ServerWriter<v1::StreamChatCompleteResponse>* writer) override;

 private:
  absl::StatusOr<ChatAnswer> Answer(const grpc::ServerContext& context, const Caller& caller,
                                    const v1::ChatCompleteRequest& request,
                                    const ChatCompleter::OnText& on_text);

  CallGuard& guard_;
  ChatCompleter& completer_;
};

}  // namespace tuneward
