// The key that says what a JSON document is: "format":"tuneward.pool/1".
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/json.h"

namespace tuneward {

// Required; a problem where it is not `want`.
inline void ReadFormat(ObjectReader& document, const std::string& want, Violations& problems) {
  const std::string format = document.String("format");
  if (document.Has("format") && format != want)
    problems.Add(document.Path("format"),
                 absl::StrCat("must be \"", want, "\", got \"", format, "\""));
}

}  // namespace tuneward
