#include "client/retry.h"

#include <algorithm>
#include <thread>

namespace tuneward::client {

Sleeper RealSleeper() {
  return [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
}

bool IsRetryable(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return true;
  return absl::IsResourceExhausted(status) && GetErrorInfo(status).retry_after_ms > 0;
}

std::chrono::milliseconds RetryWait(const RetryOptions& options, const absl::Status& status,
                                    int failures) {
  const int64_t asked = GetErrorInfo(status).retry_after_ms;
  const auto wait = asked > 0 ? std::chrono::milliseconds(asked)
                              : options.first_wait * (1 << std::min(failures - 1, 10));
  return std::min(wait, options.max_wait);
}

absl::Status CallWithRetry(const RetryOptions& options, const Sleeper& sleep,
                           const std::function<absl::Status()>& call) {
  for (int failures = 1;; ++failures) {
    absl::Status status = call();
    if (status.ok() || !IsRetryable(status) || failures >= options.attempts) return status;
    sleep(RetryWait(options, status, failures));
  }
}

}  // namespace tuneward::client
