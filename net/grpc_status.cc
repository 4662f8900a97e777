#include "net/grpc_status.h"

#include <string>
#include <string_view>

#include "absl/strings/cord.h"
#include "core/base/cut_text.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "net/rpc_observer.h"

namespace tuneward {
namespace {

constexpr char kTracePayloadUrl[] = "tuneward/trace-id";

// A status travels in a trailer, and HTTP/2 peers cap trailers at 8 KiB by default; one that is
// longer reaches the client as RESOURCE_EXHAUSTED. So texts are cut and only the violations that
// fit are sent; the message has the count. The worst case: 3 bytes in the trailer for each of the
// message's (percent-encoded), 4/3 for each of the details' (base64).
constexpr size_t kMaxMessageBytes = 600;
constexpr size_t kMaxMetadataBytes = 300;
constexpr size_t kMaxBadRequestBytes = 3000;

google::rpc::Status ToRpcStatus(const absl::Status& status, const ErrorInfo& info) {
  google::rpc::Status rpc;
  rpc.set_code(static_cast<int>(status.code()));
  rpc.set_message(CutText(std::string_view(status.message().data(), status.message().size()),
                          kMaxMessageBytes));
  google::rpc::ErrorInfo error_info;
  error_info.set_domain(kErrorDomain);
  error_info.set_reason(info.reason);
  for (const auto& [key, value] : info.metadata)
    (*error_info.mutable_metadata())[key] = CutText(value, kMaxMetadataBytes);
  rpc.add_details()->PackFrom(error_info);
  if (!info.violations.empty()) {
    google::rpc::BadRequest bad_request;
    for (const FieldViolation& violation : info.violations) {
      auto* field = bad_request.add_field_violations();
      field->set_field(violation.field);
      field->set_description(violation.description);
      if (bad_request.ByteSizeLong() > kMaxBadRequestBytes) {
        bad_request.mutable_field_violations()->RemoveLast();
        break;
      }
    }
    rpc.add_details()->PackFrom(bad_request);
  }
  if (info.retry_after_ms > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(info.retry_after_ms / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int>(info.retry_after_ms % 1000) * 1000000);
    rpc.add_details()->PackFrom(retry);
  }
  return rpc;
}

}  // namespace

absl::Status HideInternals(const absl::Status& status) {
  if (status.ok()) return status;
  const ErrorInfo info = GetErrorInfo(status);
  if (info.reason == "STORE_UNAVAILABLE")
    return MakeError(status.code(), "the database is not available; try again", info);
  if (!info.reason.empty()) return status;
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kUnavailable:
      return status;
    case absl::StatusCode::kResourceExhausted:
      return absl::ResourceExhaustedError(
          "the server has no room left; its log has the details, try again later");
    default:
      return absl::InternalError(status.message());  // ToGrpcStatus leaves the text out
  }
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const ErrorInfo info = GetErrorInfo(status);
  const std::string message =
      CutText(std::string_view(status.message().data(), status.message().size()), kMaxMessageBytes);
  if (info.reason.empty()) {
    const bool ours =
        status.code() == absl::StatusCode::kInternal || status.code() == absl::StatusCode::kUnknown;
    return {code, ours ? "internal error; the server's log has the details" : message};
  }
  return {code, message, ToRpcStatus(status, info).SerializeAsString()};
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  google::rpc::Status rpc;
  if (status.error_details().empty() || !rpc.ParseFromString(status.error_details())) {
    return absl::Status(code, status.error_message());
  }
  ErrorInfo info;
  for (const google::protobuf::Any& detail : rpc.details()) {
    google::rpc::ErrorInfo error_info;
    google::rpc::BadRequest bad_request;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&error_info)) {
      info.reason = error_info.reason();
      info.metadata = {error_info.metadata().begin(), error_info.metadata().end()};
    } else if (detail.UnpackTo(&bad_request)) {
      for (const auto& field : bad_request.field_violations()) {
        info.violations.push_back({field.field(), field.description()});
      }
    } else if (detail.UnpackTo(&retry)) {
      info.retry_after_ms =
          retry.retry_delay().seconds() * 1000 + retry.retry_delay().nanos() / 1000000;
    }
  }
  return MakeError(code, status.error_message(), info);
}

absl::Status FromGrpcStatus(const grpc::Status& status, const grpc::ClientContext& context) {
  absl::Status error = FromGrpcStatus(status);
  if (error.ok()) return error;
  const auto& metadata = context.GetServerInitialMetadata();
  const auto trace_id = metadata.find(kTraceIdMetadata);
  if (trace_id == metadata.end()) return error;  // the call never reached a server
  error.SetPayload(kTracePayloadUrl,
                   absl::Cord(absl::string_view(trace_id->second.data(), trace_id->second.size())));
  return error;
}

std::string TraceIdOfError(const absl::Status& status) {
  const auto payload = status.GetPayload(kTracePayloadUrl);
  return payload.has_value() ? std::string(*payload) : "";
}

}  // namespace tuneward
