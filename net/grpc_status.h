// The one place where our errors become gRPC's and back (contracts.md D10): code and message as
// they are; reason and metadata as google.rpc.ErrorInfo of domain "tuneward", violations as
// BadRequest, retry_after_ms as RetryInfo. Pure.
#pragma once

#include <string>

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include "core/base/status.h"

namespace tuneward {

inline constexpr char kErrorDomain[] = "tuneward";

// An error without a reason goes out as it is; INTERNAL and UNKNOWN lose their text, which may name
// files and hosts.
grpc::Status ToGrpcStatus(const absl::Status& status);
// What a client may be told. Every error that is a client's doing has a reason, so one without is
// ours: its text may name files, tables and hosts. It becomes INTERNAL, whose text ToGrpcStatus
// leaves out, unless its code says when to try again.
absl::Status HideInternals(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);
// Of a call that has ended: an error also keeps the trace id that the server sent
// (net/rpc_observer.h).
absl::Status FromGrpcStatus(const grpc::Status& status, const grpc::ClientContext& context);
std::string TraceIdOfError(const absl::Status& status);  // "" when it has none

}  // namespace tuneward
