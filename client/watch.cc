#include "client/watch.h"

namespace tuneward::client {

bool IsTerminal(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

absl::StatusOr<v1::Job> WatchJob(Client& client, const WatchRequest& request,
                                 const WatchCallbacks& callbacks) {
  v1::WatchJobRequest wire;
  wire.set_name(request.name);
  wire.set_after_seq(request.after_seq);
  v1::Job last;
  for (int failures = 0;;) {
    grpc::ClientContext context;
    client.PreparePublic(context);
    auto stream = client.jobs().WatchJob(&context, wire);
    v1::WatchJobResponse update;
    while (stream->Read(&update)) {
      failures = 0;
      if (update.has_event()) {
        if (update.event().seq() <= wire.after_seq())
          continue;  // already seen before the stream broke
        wire.set_after_seq(update.event().seq());
        if (callbacks.on_event) callbacks.on_event(update.event());
      } else if (update.has_job()) {
        last = update.job();
        if (callbacks.on_job) callbacks.on_job(last);
      }
    }
    absl::Status status = FromGrpcStatus(stream->Finish(), context);
    if (status.ok()) {
      if (IsTerminal(last.state())) return last;
      status = absl::UnavailableError("the watch ended before the job did");
    }
    if (!IsRetryable(status) || ++failures >= request.attempts) return status;
    if (callbacks.on_reconnect) callbacks.on_reconnect(status);
    client.options().sleep(RetryWait(client.options().retry, status, failures));
  }
}

}  // namespace tuneward::client
