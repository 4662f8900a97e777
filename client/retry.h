// Repeats a call that the server says may be repeated: UNAVAILABLE, and RESOURCE_EXHAUSTED when it
// carries RetryInfo (a quota does not). Waits for RetryInfo's time where given, else doubles from
// `first_wait`. Creates carry a request_id, so a repeated create cannot make two things. Not
// thread-safe: one Retrier a caller.
#pragma once

#include <chrono>
#include <functional>

#include "core/base/status.h"

namespace tuneward::client {

using Sleeper = std::function<void(std::chrono::milliseconds)>;

Sleeper RealSleeper();

struct RetryOptions {
  int attempts = 6;  // the first call included
  std::chrono::milliseconds first_wait{200};
  std::chrono::milliseconds max_wait{5000};  // also caps what RetryInfo asks for
};

bool IsRetryable(const absl::Status& status);

// How long to wait after failure number `failures` (1 is the first).
std::chrono::milliseconds RetryWait(const RetryOptions& options, const absl::Status& status,
                                    int failures);

// The first OK or final status of `call`.
absl::Status CallWithRetry(const RetryOptions& options, const Sleeper& sleep,
                           const std::function<absl::Status()>& call);

}  // namespace tuneward::client
