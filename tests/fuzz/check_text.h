// Checks of what a reader says about bad input. Pure.
#pragma once

#include <string_view>

#include "core/base/status.h"

namespace tuneward::fuzz {

// Messages travel in protobuf strings and PostgreSQL text: both refuse what is not UTF-8.
void CheckIsText(std::string_view text);
// An error must be INVALID_ARGUMENT, its message and violations must be text.
void CheckIsRefusal(const absl::Status& status);

}  // namespace tuneward::fuzz
