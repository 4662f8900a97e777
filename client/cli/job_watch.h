// Follows a job on the terminal: events as lines, progress as a bar, both on stderr. One thread.
#pragma once

#include <string>

#include "client/cli/context.h"
#include "core/base/status.h"
#include "tuneward/v1/fine_tuning.pb.h"

namespace tuneward::cli {

// With --json every update is one line of JSON on stdout instead when `json_updates`, else nothing
// is shown.
absl::StatusOr<v1::Job> FollowJob(Context& context, const std::string& name, int64_t after_seq,
                                  bool json_updates);

// kFailed for a job that failed or was cancelled.
ExitCode ExitCodeOfJob(const v1::Job& job);

// The audit of a job that succeeded, as a table; a line that says so when the audit was not
// completed.
absl::Status PrintAuditOf(Context& context, const std::string& name);

}  // namespace tuneward::cli
