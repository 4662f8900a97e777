// What every call of a gRPC server leaves behind, whatever its handler does: metrics
// (net/rpc_metrics.h), one access line in the log (method, code, duration_ms, trace_id, project)
// and a trace id, which the client gets back as initial metadata `x-trace-id`. The trace id is the
// client's (`traceparent`, else `x-request-id`) or drawn here. An interceptor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_interceptor.h>
#include <prometheus/registry.h>

#include "core/base/ids.h"

namespace tuneward {

inline constexpr char kTraceIdMetadata[] = "x-trace-id";
inline constexpr char kRequestIdMetadata[] = "x-request-id";

// For ServerBuilder::experimental().SetInterceptorCreators. Registry and entropy must outlive the
// server.
std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
MakeRpcObservers(prometheus::Registry& registry, EntropySource& entropy);

// For handlers: the call's trace id; "" on a server without the observer.
std::string TraceIdOfCall(const grpc::ServerContextBase& context);

// For handlers: names the project in the access line. It also reaches the caller, as trailing
// metadata `x-project`.
void SetProjectOfCall(grpc::ServerContextBase& context, const std::string& project);

}  // namespace tuneward
