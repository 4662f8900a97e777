#include "tests/fuzz/check_text.h"

#include <string>

#include "core/base/json.h"

namespace tuneward::fuzz {

void CheckIsText(std::string_view text) {
  // Its strict writer throws, which ends the process, at a byte that is not UTF-8.
  TW_CHECK(!Json(std::string(text)).dump().empty());
}

void CheckIsRefusal(const absl::Status& status) {
  TW_CHECK(absl::IsInvalidArgument(status));
  CheckIsText(std::string(status.message()));
  for (const FieldViolation& violation : GetErrorInfo(status).violations) {
    CheckIsText(violation.field);
    CheckIsText(violation.description);
  }
  for (const auto& [key, value] : GetErrorInfo(status).metadata) CheckIsText(key + value);
}

}  // namespace tuneward::fuzz
