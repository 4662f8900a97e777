#include "server/engine_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "net/grpc_status.h"
#include "net/rpc_observer.h"

namespace tuneward {
namespace {
// Workers get a new address at each start, mostly: forget the old ones together instead of one by
// one.
constexpr size_t kMaxChannels = 256;
}  // namespace

std::shared_ptr<grpc::Channel> EngineClient::ChannelTo(const std::string& address) {
  std::lock_guard lock(mutex_);
  if (channels_.size() > kMaxChannels) channels_.clear();
  std::shared_ptr<grpc::Channel>& channel = channels_[address];
  if (channel == nullptr)
    channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  return channel;
}

absl::StatusOr<EngineAnswer> EngineClient::Generate(const std::string& address,
                                                    const internal::v1::GenerateRequest& request,
                                                    const CallTerms& terms,
                                                    const OnTokens& on_tokens) {
  const auto stub = internal::v1::EngineService::NewStub(ChannelTo(address));
  grpc::ClientContext context;
  context.set_deadline(terms.deadline);
  context.AddMetadata("authorization", "Bearer " + secret_);
  if (!terms.trace_id.empty()) context.AddMetadata(kRequestIdMetadata, terms.trace_id);
  const auto reader = stub->Generate(&context, request);
  EngineAnswer answer;
  internal::v1::GenerateResponse part;
  while (reader->Read(&part)) {
    const std::span<const TokenId> tokens(part.tokens().data(),
                                          static_cast<size_t>(part.tokens_size()));
    if (on_tokens && !tokens.empty() && !on_tokens(tokens)) context.TryCancel();
    answer.tokens.insert(answer.tokens.end(), tokens.begin(), tokens.end());
    if (part.finish() == internal::v1::GenerateResponse::FINISH_STOP) answer.stopped = true;
  }
  TW_RETURN_IF_ERROR(FromGrpcStatus(reader->Finish()));
  return answer;
}

}  // namespace tuneward
