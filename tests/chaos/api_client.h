// A client of the public API that tries each call once and says how it went, so that a test knows
// which requests were acknowledged. It reconnects fast. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <grpcpp/channel.h>

#include "core/base/status.h"
#include "tuneward/v1/files.grpc.pb.h"
#include "tuneward/v1/fine_tuning.grpc.pb.h"

namespace tuneward {

// What a client uploads and asks for. Equal recipes give equal adapters.
struct Recipe {
  std::string content;  // JSONL
  int64_t seed = 1;
  int epochs = 1, batch_size = 4;
  std::string mix_method = "none";
};

std::shared_ptr<grpc::Channel> ConnectFast(const std::string& endpoint);
void AddKey(grpc::ClientContext& context, const std::string& key);

class ApiClient {
 public:
  ApiClient(const std::string& endpoint, std::string key, std::string project);

  // The file's name. `half_way` is called when half of the bytes are sent.
  absl::StatusOr<std::string> Upload(const Recipe& recipe, const std::string& request_id,
                                     const std::function<void()>& half_way = {});
  // The job's name.
  absl::StatusOr<std::string> CreateJob(const Recipe& recipe, const std::string& file,
                                        const std::string& request_id);
  absl::Status ListJobs();  // a read, to see whether the service answers

 private:
  const std::string key_, parent_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace tuneward
