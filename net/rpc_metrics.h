// grpc_server_started_total, grpc_server_handled_total{grpc_code} and grpc_server_handling_seconds
// in the names and labels that dashboards expect. Fed by net/rpc_observer.h, so no handler can
// forget it. Thread-safe.
#pragma once

#include <map>
#include <string>

#include <grpcpp/support/status.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace tuneward {

class RpcMetrics {
 public:
  using Labels = std::map<std::string, std::string>;  // grpc_type, grpc_service, grpc_method

  // May be made more than once on one registry: the families are the same. The registry must
  // outlive it.
  explicit RpcMetrics(prometheus::Registry& registry);
  void Started(const Labels& labels);
  void Ended(const Labels& labels, grpc::StatusCode code, double seconds);

 private:
  prometheus::Family<prometheus::Counter>& started_;
  prometheus::Family<prometheus::Counter>& handled_;
  prometheus::Family<prometheus::Histogram>& seconds_;
};

// "OK", "NotFound": as in the metrics of grpc-go, which dashboards are written for.
const char* RpcCodeName(grpc::StatusCode code);

}  // namespace tuneward
