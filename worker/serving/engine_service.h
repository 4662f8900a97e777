// The worker's internal gRPC service (proto tuneward/internal/v1/engine.proto): Generate streams
// the tokens that the decode queue makes, Drain begins the end of the process. Every call must
// carry the installation's shared secret. Thread-safe.
#pragma once

#include <functional>
#include <string>

#include "core/base/clock.h"
#include "tuneward/internal/v1/engine.grpc.pb.h"
#include "worker/runner/worker_metrics.h"
#include "worker/serving/decode_queue.h"

namespace tuneward {

class EngineServiceImpl final : public internal::v1::EngineService::Service {
 public:
  // `drain` is called at most once a Drain call and must return at once.
  EngineServiceImpl(std::string secret, DecodeQueue& queue, const Clock& clock,
                    WorkerMetrics& metrics, std::function<void()> drain)
      : secret_(std::move(secret)),
        queue_(queue),
        clock_(clock),
        metrics_(metrics),
        drain_(std::move(drain)) {}

  grpc::Status Generate(grpc::ServerContext* context, const internal::v1::GenerateRequest* request,
                        grpc::ServerWriter<internal::v1::GenerateResponse>* writer) override;
  grpc::Status Drain(grpc::ServerContext* context, const internal::v1::DrainRequest* request,
                     internal::v1::DrainResponse* response) override;

 private:
  absl::Status CheckSecret(const grpc::ServerContext& context) const;
  absl::Status Stream(grpc::ServerContext& context, const internal::v1::GenerateRequest& request,
                      grpc::ServerWriter<internal::v1::GenerateResponse>& writer, size_t& tokens);

  const std::string secret_;
  DecodeQueue& queue_;
  const Clock& clock_;
  WorkerMetrics& metrics_;
  const std::function<void()> drain_;
};

// Form and ranges of a request, all problems at once; what needs the model (vocabulary, context) is
// checked when it decodes.
absl::StatusOr<DecodeRequest> ReadGenerateRequest(const internal::v1::GenerateRequest& request);

}  // namespace tuneward
