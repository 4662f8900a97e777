// What the exit status of `tuneward` means; the table is part of --help. Scripts may rely on it.
#pragma once

#include "absl/status/status.h"

namespace tuneward::cli {

enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,       // the server's error, or a job that was waited for failed or was cancelled
  kUsage = 2,        // wrong arguments, INVALID_ARGUMENT
  kNotFound = 3,     // NOT_FOUND
  kUnavailable = 4,  // UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED: later may work
  kPermission = 5,   // UNAUTHENTICATED, PERMISSION_DENIED
  kWrongState =
      6,  // FAILED_PRECONDITION, ABORTED, ALREADY_EXISTS: also a model that is not released
};

ExitCode ExitCodeOf(const absl::Status& status);

// The lines of --help.
const char* ExitCodeHelp();

}  // namespace tuneward::cli
