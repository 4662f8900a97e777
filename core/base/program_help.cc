#include "core/base/program_help.h"

#include <string>

#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/match.h"

namespace tuneward {

void SetProgramHelp(std::string_view program, std::string_view version, std::string_view usage) {
  absl::FlagsUsageConfig config;
  config.contains_help_flags = [](absl::string_view file) {
    return absl::EndsWith(file, "/main.cc");
  };
  config.contains_helpshort_flags = config.contains_help_flags;
  config.normalize_filename = [](absl::string_view file) {
    while (absl::StartsWith(file, "../")) file.remove_prefix(3);  // as the compiler was told
    return std::string(file);
  };
  config.version_string = [text = std::string(program) + " " + std::string(version) + "\n"] {
    return text;
  };
  absl::SetFlagsUsageConfig(config);
  absl::SetProgramUsageMessage(std::string(usage));
}

}  // namespace tuneward
