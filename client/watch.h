// Follows a job to its end. When the stream breaks it is opened again after the last event that
// arrived, so that the caller sees each event once and in order.
#pragma once

#include <functional>
#include <string>

#include "client/client.h"

namespace tuneward::client {

struct WatchRequest {
  std::string name;  // `projects/{p}/jobs/{j}`
  int64_t after_seq = 0;
  int attempts =
      30;  // in a row without anything received; waits grow to the retry options' max_wait
};

struct WatchCallbacks {
  std::function<void(const v1::JobEvent&)> on_event;
  std::function<void(const v1::Job&)> on_job;
  std::function<void(const absl::Status&)> on_reconnect;  // the stream broke and is opened again
};

bool IsTerminal(v1::JobState state);

// The job as it ended. UNAVAILABLE when the server stays away.
absl::StatusOr<v1::Job> WatchJob(Client& client, const WatchRequest& request,
                                 const WatchCallbacks& callbacks);

}  // namespace tuneward::client
