// Clients that upload and create jobs while things die. Each request is repeated with its
// request_id until it is acknowledged; what was acknowledged is remembered and must be there at the
// end. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/chaos/stack.h"

namespace tuneward {

struct Ask {
  int number = 0;
  size_t recipe = 0;
  std::string file, job;  // names, once acknowledged
  int attempts = 0;       // of the upload and of the create together
  std::string UploadId() const { return "upload-" + std::to_string(number); }
  std::string CreateId() const { return "create-" + std::to_string(number); }
};

// Called in the middle of a first attempt.
struct AskHooks {
  std::function<void()> upload_half_way;
  std::function<void()> uploaded;  // and the job not yet asked for
};

class WorkLoad {
 public:
  WorkLoad(Stack& stack, std::vector<Recipe> recipes);
  ~WorkLoad();  // Stop

  // Each of the clients asks for a job whenever fewer than `unfinished` are there.
  void Start(int clients, int unfinished);
  void Stop();

  // Returns when both are acknowledged, or a call failed for ever, or Stop was called.
  void Submit(const AskHooks& hooks = {});
  // Sends every acknowledged request once more; the number whose answer is not the first one.
  int RepeatAll();
  bool WaitForEnd(std::chrono::milliseconds limit);

  std::vector<Ask> asks() const;  // acknowledged ones
  const std::vector<Recipe>& recipes() const { return recipes_; }
  std::vector<std::string> refusals() const;  // answers that are neither OK nor "try again"

 private:
  // The first OK of `call`; "" when it failed for ever or the work ends.
  std::string UntilAcknowledged(Ask& ask, const std::function<absl::StatusOr<std::string>()>& call);
  void RunClient(int unfinished);

  Stack& stack_;
  const std::vector<Recipe> recipes_;
  ApiClient client_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  int next_ = 0;  // under mutex, as all below
  std::vector<Ask> asks_;
  std::vector<std::string> refusals_;
  std::vector<std::thread> threads_;
};

// Rows of the sandbox's task families under a few seeds, two of them with a safety mix.
std::vector<Recipe> SmallRecipes(int rows, int epochs);

}  // namespace tuneward
