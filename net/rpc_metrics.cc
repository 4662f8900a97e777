#include "net/rpc_metrics.h"

#include <iterator>

namespace tuneward {

RpcMetrics::RpcMetrics(prometheus::Registry& registry)
    : started_(prometheus::BuildCounter()
                   .Name("grpc_server_started_total")
                   .Help("RPCs started")
                   .Register(registry)),
      handled_(prometheus::BuildCounter()
                   .Name("grpc_server_handled_total")
                   .Help("RPCs ended, by code")
                   .Register(registry)),
      seconds_(prometheus::BuildHistogram()
                   .Name("grpc_server_handling_seconds")
                   .Help("Time from start to end of an RPC")
                   .Register(registry)) {}

void RpcMetrics::Started(const Labels& labels) { started_.Add(labels).Increment(); }

void RpcMetrics::Ended(const Labels& labels, grpc::StatusCode code, double seconds) {
  static const prometheus::Histogram::BucketBoundaries kBuckets = {
      0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  seconds_.Add(labels, kBuckets).Observe(seconds);
  Labels with_code = labels;
  with_code["grpc_code"] = RpcCodeName(code);
  handled_.Add(with_code).Increment();
}

const char* RpcCodeName(grpc::StatusCode code) {
  constexpr const char* kNames[] = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "Unknown";
}

}  // namespace tuneward
