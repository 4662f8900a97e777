#include "server/rpc/model_service.h"

#include <algorithm>
#include <chrono>

#include "server/resource_names.h"
#include "server/rpc/convert.h"

namespace tuneward {
namespace {
constexpr std::chrono::seconds kLongestChat{120};
}

grpc::Status ModelServiceImpl::ListModels(grpc::ServerContext* context,
                                          const v1::ListModelsRequest* request,
                                          v1::ListModelsResponse* response) {
  return guard_.Run(
      *context, CallClass::kRead, kScopeModelsRead, [&](const Caller& caller) -> absl::Status {
        TW_ASSIGN_OR_RETURN(const std::string project,
                            ParseProjectName(request->parent(), "parent"));
        TW_RETURN_IF_ERROR(CheckProject(caller, project, request->parent()));
        TW_ASSIGN_OR_RETURN(const PageRequest page,
                            ToPage(request->page_size(), request->page_token(), 50, 500, ""));
        TW_ASSIGN_OR_RETURN(const std::vector<BaseModelRecord> bases, bases_.List());
        TW_ASSIGN_OR_RETURN(const Page<ModelRecord> models, models_.List(project, page));
        for (const ModelRecord& model : models.rows) {
          const auto base = std::find_if(bases.begin(), bases.end(), [&](const BaseModelRecord& b) {
            return b.id == model.base_model_id;
          });
          *response->add_models() = ToProto(model, {}, base == bases.end() ? 0 : base->context);
        }
        if (page.token.empty()) {
          for (const BaseModelRecord& base : bases)
            *response->add_base_models() = ToModelProto(base);
        }
        response->set_next_page_token(models.next_token);
        return absl::OkStatus();
      });
}

grpc::Status ModelServiceImpl::GetModel(grpc::ServerContext* context,
                                        const v1::GetModelRequest* request, v1::Model* response) {
  return guard_.Run(
      *context, CallClass::kRead, kScopeModelsRead, [&](const Caller& caller) -> absl::Status {
        TW_ASSIGN_OR_RETURN(const ResourceName name, ParseModelName(request->name(), "name"));
        if (name.project.empty()) {
          TW_ASSIGN_OR_RETURN(const BaseModelRecord base, bases_.Get(name.id));
          *response = ToModelProto(base);
          return absl::OkStatus();
        }
        TW_RETURN_IF_ERROR(CheckProject(caller, name.project, request->name()));
        TW_ASSIGN_OR_RETURN(const ModelRecord model, models_.Get(name.project, name.id));
        TW_ASSIGN_OR_RETURN(const std::vector<ReleaseDecisionRecord> decisions,
                            models_.Decisions(model.id));
        TW_ASSIGN_OR_RETURN(const BaseModelRecord base, bases_.Get(model.base_model_id));
        *response = ToProto(model, decisions, base.context);
        return absl::OkStatus();
      });
}

absl::StatusOr<ChatAnswer> InferenceServiceImpl::Answer(const grpc::ServerContext& context,
                                                        const Caller& caller,
                                                        const v1::ChatCompleteRequest& request,
                                                        const ChatCompleter::OnText& on_text) {
  TW_ASSIGN_OR_RETURN(const std::string project, ParseProjectName(request.parent(), "parent"));
  TW_RETURN_IF_ERROR(CheckProject(caller, project, request.parent()));
  TW_ASSIGN_OR_RETURN(ChatCall call, ToChatCall(request));
  if (!call.is_base) TW_RETURN_IF_ERROR(CheckProject(caller, call.project_id, request.model()));
  call.trace_id = caller.trace_id;
  call.deadline = std::min(context.deadline(), std::chrono::system_clock::now() + kLongestChat);
  return completer_.Complete(call, on_text);
}

grpc::Status InferenceServiceImpl::ChatComplete(grpc::ServerContext* context,
                                                const v1::ChatCompleteRequest* request,
                                                v1::ChatCompleteResponse* response) {
  return guard_.Run(
      *context, CallClass::kChat, kScopeChat, [&](const Caller& caller) -> absl::Status {
        TW_ASSIGN_OR_RETURN(const ChatAnswer answer, Answer(*context, caller, *request, nullptr));
        *response = ToProto(answer, request->model());
        return absl::OkStatus();
      });
}

grpc::Status InferenceServiceImpl::StreamChatComplete(
    grpc::ServerContext* context, const v1::StreamChatCompleteRequest* request,
    grpc::ServerWriter<v1::StreamChatCompleteResponse>* writer) {
  const ChatCompleter::OnText tell = [&](const std::string& text) {
    v1::StreamChatCompleteResponse response;
    response.set_text(text);
    return writer->Write(response);
  };
  return guard_.Run(*context, CallClass::kChat, kScopeChat,
                    [&](const Caller& caller) -> absl::Status {
                      TW_ASSIGN_OR_RETURN(const ChatAnswer answer,
                                          Answer(*context, caller, request->chat(), tell));
                      writer->Write(ToStreamEnd(answer));
                      return absl::OkStatus();
                    });
}

}  // namespace tuneward
