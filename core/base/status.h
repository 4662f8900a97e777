// Status in this code base is absl::Status. This header holds the two macros that pass errors on
// and the error details that travel with a status (contracts.md D10): a reason, its metadata and
// the field violations. They are kept as a payload of the status, so that core needs no protobuf;
// net/ turns them into google.rpc details.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tuneward {

// One wrong field of a request or one wrong place of a file. `field` is a path:
// `hyperparameters.lora.rank`, `training_file.lines[17].messages[2].role`.
struct FieldViolation {
  std::string field;
  std::string description;
  bool operator==(const FieldViolation&) const = default;
};

// google.rpc.ErrorInfo of domain "tuneward", plus BadRequest and RetryInfo where they apply.
struct ErrorInfo {
  std::string reason;                           // a name of D10, part of the API
  std::map<std::string, std::string> metadata;  // e.g. {"limit": "10", "got": "3"}
  std::vector<FieldViolation> violations;
  int64_t retry_after_ms = 0;  // > 0: clients may try again after this time
};

// A status that carries `info`. `message` says what was wrong, the value, and what would be right.
absl::Status MakeError(absl::StatusCode code, std::string message, const ErrorInfo& info);
inline absl::Status MakeError(absl::StatusCode code, std::string reason, std::string message,
                              std::map<std::string, std::string> metadata = {}) {
  return MakeError(code, std::move(message),
                   ErrorInfo{std::move(reason), std::move(metadata), {}, 0});
}

// The details of a status; an empty reason when it carries none.
ErrorInfo GetErrorInfo(const absl::Status& status);

// Collects every problem of an input so that all are reported at once (D10, INVALID_FIELD).
class Violations {
 public:
  void Add(std::string field, std::string description) {
    list_.push_back({std::move(field), std::move(description)});
  }
  bool empty() const { return list_.empty(); }
  const std::vector<FieldViolation>& list() const { return list_; }
  // OK when there are none; else INVALID_ARGUMENT INVALID_FIELD whose message names the first and
  // the count.
  absl::Status ToStatus() const;

 private:
  std::vector<FieldViolation> list_;
};

}  // namespace tuneward

#define TW_CONCAT_INNER(a, b) a##b
#define TW_CONCAT(a, b) TW_CONCAT_INNER(a, b)

#define TW_RETURN_IF_ERROR(expr)                                            \
  do {                                                                      \
    if (absl::Status tw_status = (expr); !tw_status.ok()) return tw_status; \
  } while (false)

#define TW_ASSIGN_OR_RETURN(lhs, expr) \
  TW_ASSIGN_OR_RETURN_INNER(TW_CONCAT(tw_statusor_, __LINE__), lhs, expr)
#define TW_ASSIGN_OR_RETURN_INNER(var, lhs, expr) \
  auto var = (expr);                              \
  if (!var.ok()) return std::move(var).status();  \
  lhs = *std::move(var)

// Programmer errors only; never on input, files, network or database content.
#define TW_CHECK(cond)                                               \
  do {                                                               \
    if (!(cond)) ::tuneward::CheckFailed(#cond, __FILE__, __LINE__); \
  } while (false)

namespace tuneward {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace tuneward
