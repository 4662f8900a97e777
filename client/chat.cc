#include "client/chat.h"

namespace tuneward::client {

absl::StatusOr<StreamedAnswer> StreamChat(Client& client, const v1::ChatCompleteRequest& request,
                                          const std::function<void(const std::string&)>& on_text) {
  v1::StreamChatCompleteRequest wire;
  *wire.mutable_chat() = request;
  const ClientOptions& options = client.options();
  StreamedAnswer answer;
  absl::Status broken;  // after some text
  TW_RETURN_IF_ERROR(CallWithRetry(options.retry, options.sleep, [&] {
    grpc::ClientContext context;
    client.PreparePublic(context);
    context.set_deadline(std::chrono::system_clock::now() + options.deadline);
    const auto stream = client.inference().StreamChatComplete(&context, wire);
    while (stream->Read(&answer.end)) {
      if (answer.end.text().empty()) continue;
      answer.text += answer.end.text();
      on_text(answer.end.text());
    }
    const absl::Status status = FromGrpcStatus(stream->Finish(), context);
    if (answer.text.empty()) return status;
    broken = status;
    return absl::OkStatus();
  }));
  TW_RETURN_IF_ERROR(broken);
  return answer;
}

}  // namespace tuneward::client
