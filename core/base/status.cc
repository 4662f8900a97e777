#include "core/base/status.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "core/base/json.h"

namespace tuneward {
namespace {
constexpr char kPayloadUrl[] = "tuneward/error-info";
}

absl::Status MakeError(absl::StatusCode code, std::string message, const ErrorInfo& info) {
  absl::Status status(code, message);
  Json violations = Json::array();
  for (const auto& v : info.violations) violations.push_back({v.field, v.description});
  Json payload = {{"reason", info.reason},
                  {"metadata", info.metadata},
                  {"violations", violations},
                  {"retry_after_ms", info.retry_after_ms}};
  // Values may quote a user's bytes: replace what is not UTF-8 instead of throwing.
  status.SetPayload(kPayloadUrl,
                    absl::Cord(payload.dump(-1, ' ', false, Json::error_handler_t::replace)));
  return status;
}

ErrorInfo GetErrorInfo(const absl::Status& status) {
  ErrorInfo info;
  auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return info;
  Json json = Json::parse(std::string(*payload));
  info.reason = json.at("reason");
  info.metadata = json.at("metadata").get<std::map<std::string, std::string>>();
  for (const auto& v : json.at("violations")) info.violations.push_back({v.at(0), v.at(1)});
  info.retry_after_ms = json.at("retry_after_ms");
  return info;
}

absl::Status Violations::ToStatus() const {
  if (list_.empty()) return absl::OkStatus();
  std::string message = absl::StrCat(list_[0].field, ": ", list_[0].description);
  if (list_.size() > 1) absl::StrAppend(&message, " (and ", list_.size() - 1, " more)");
  return MakeError(absl::StatusCode::kInvalidArgument, std::move(message),
                   ErrorInfo{"INVALID_FIELD", {}, list_, 0});
}

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace tuneward
