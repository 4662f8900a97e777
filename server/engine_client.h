// Generations on workers: one channel a worker, kept. Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <grpcpp/channel.h>

#include "core/base/status.h"
#include "core/text/tokenizer.h"
#include "tuneward/internal/v1/engine.grpc.pb.h"

namespace tuneward {

struct EngineAnswer {
  std::vector<TokenId> tokens;
  bool stopped = false;  // by the stop token
};

// What a call to a worker inherits from the client's call.
struct CallTerms {
  std::chrono::system_clock::time_point deadline;
  std::string trace_id;
};

class EngineClient {
 public:
  explicit EngineClient(std::string secret) : secret_(std::move(secret)) {}
  // Tokens as they come, before they are in the answer; false: nobody wants the rest (CANCELLED).
  using OnTokens = std::function<bool(std::span<const TokenId>)>;
  // The worker's status; UNAVAILABLE when it cannot be reached.
  absl::StatusOr<EngineAnswer> Generate(const std::string& address,
                                        const internal::v1::GenerateRequest& request,
                                        const CallTerms& terms, const OnTokens& on_tokens);

 private:
  std::shared_ptr<grpc::Channel> ChannelTo(const std::string& address);

  const std::string secret_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<grpc::Channel>>
      channels_;  // shared with the calls in flight
};

}  // namespace tuneward
