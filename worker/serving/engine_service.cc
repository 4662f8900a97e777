#include "worker/serving/engine_service.h"

#include <openssl/crypto.h>

#include "core/base/sha256.h"
#include "net/grpc_status.h"

namespace tuneward {
namespace {

using internal::v1::GenerateRequest;
using internal::v1::GenerateResponse;

constexpr std::chrono::milliseconds kPollCancelled(200);
constexpr int kMaxNewTokens = 4096;

std::string HexOfTree(const std::string& raw, const char* field, bool required,
                      Violations& problems) {
  if (raw.empty() && !required) return "";
  const absl::StatusOr<Digest> digest = Digest::FromRaw(raw);
  if (digest.ok()) return digest->Hex();
  problems.Add(field, "must be of 32 bytes, got " + std::to_string(raw.size()));
  return "";
}

SamplingOptions ReadSampling(const internal::v1::Sampling& sampling, Violations& problems) {
  SamplingOptions options;
  options.max_new_tokens = sampling.max_new_tokens();
  options.temperature = sampling.temperature();
  options.top_p = sampling.top_p() == 0 ? 1 : sampling.top_p();
  options.seed = static_cast<uint64_t>(sampling.seed());
  if (options.max_new_tokens < 1 || options.max_new_tokens > kMaxNewTokens) {
    problems.Add("sampling.max_new_tokens",
                 "must be in [1, 4096], got " + std::to_string(options.max_new_tokens));
  }
  if (!(options.temperature >= 0 && options.temperature <= 2)) {
    problems.Add("sampling.temperature",
                 "must be in [0, 2], got " + std::to_string(options.temperature));
  }
  if (!(options.top_p > 0 && options.top_p <= 1)) {
    problems.Add("sampling.top_p", "must be in (0, 1], got " + std::to_string(options.top_p));
  }
  if (sampling.seed() < 0 || sampling.seed() > INT32_MAX) {
    problems.Add("sampling.seed",
                 "must be in [0, 2147483647], got " + std::to_string(sampling.seed()));
  }
  return options;
}

}  // namespace

absl::StatusOr<DecodeRequest> ReadGenerateRequest(const GenerateRequest& request) {
  Violations problems;
  DecodeRequest decode;
  decode.base_tree = HexOfTree(request.base_tree_sha256(), "base_tree_sha256", true, problems);
  decode.adapter_tree =
      HexOfTree(request.adapter_tree_sha256(), "adapter_tree_sha256", false, problems);
  decode.prompt.assign(request.prompt_tokens().begin(), request.prompt_tokens().end());
  if (decode.prompt.empty()) problems.Add("prompt_tokens", "must hold at least one token");
  decode.stops.assign(request.stop_tokens().begin(), request.stop_tokens().end());
  if (decode.stops.empty()) decode.stops = {request.stop_token()};
  decode.sampling = ReadSampling(request.sampling(), problems);
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return decode;
}

absl::Status EngineServiceImpl::CheckSecret(const grpc::ServerContext& context) const {
  const std::string wanted = "Bearer " + secret_;
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  const bool good = found != metadata.end() && found->second.size() == wanted.size() &&
                    CRYPTO_memcmp(found->second.data(), wanted.data(), wanted.size()) == 0;
  if (good) return absl::OkStatus();
  return MakeError(absl::StatusCode::kUnauthenticated, "INVALID_KEY",
                   "the call does not carry this installation's worker secret");
}

absl::Status EngineServiceImpl::Stream(grpc::ServerContext& context, const GenerateRequest& request,
                                       grpc::ServerWriter<GenerateResponse>& writer,
                                       size_t& tokens) {
  TW_RETURN_IF_ERROR(CheckSecret(context));
  TW_ASSIGN_OR_RETURN(DecodeRequest decode, ReadGenerateRequest(request));
  TW_ASSIGN_OR_RETURN(const auto ticket, queue_.Submit(std::move(decode)));
  for (;;) {
    const absl::StatusOr<DecodeTicket::Piece> piece = ticket->Next(kPollCancelled);
    TW_RETURN_IF_ERROR(piece.status());
    GenerateResponse response;
    response.mutable_tokens()->Assign(piece->tokens.begin(), piece->tokens.end());
    if (piece->finished) {
      response.set_finish(piece->stopped ? GenerateResponse::FINISH_STOP
                                         : GenerateResponse::FINISH_LENGTH);
    }
    tokens += piece->tokens.size();
    const bool something = piece->finished || !piece->tokens.empty();
    if (context.IsCancelled() || (something && !writer.Write(response))) {
      ticket->Cancel();
      return absl::CancelledError("cancelled by the caller");
    }
    if (piece->finished) return absl::OkStatus();
  }
}

grpc::Status EngineServiceImpl::Generate(grpc::ServerContext* context,
                                         const GenerateRequest* request,
                                         grpc::ServerWriter<GenerateResponse>* writer) {
  const Clock::MonoTime start = clock_.Monotonic();
  size_t tokens = 0;
  const absl::Status status = Stream(*context, *request, *writer, tokens);
  const std::chrono::duration<double> took = clock_.Monotonic() - start;
  metrics_.Generated(absl::StatusCodeToString(status.code()), took.count(), tokens);
  return ToGrpcStatus(status);
}

grpc::Status EngineServiceImpl::Drain(grpc::ServerContext* context,
                                      const internal::v1::DrainRequest*,
                                      internal::v1::DrainResponse*) {
  const absl::Status allowed = CheckSecret(*context);
  if (allowed.ok()) drain_();
  return ToGrpcStatus(allowed);
}

}  // namespace tuneward
