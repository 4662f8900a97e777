#include "sandbox/tool/origin.h"

#include <stdio.h>

#include <fstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace tuneward {

std::string CommitHere() {
  std::string text;
  if (FILE* const git = popen("git describe --always --dirty 2>/dev/null", "r"); git != nullptr) {
    char buffer[200];
    while (fgets(buffer, sizeof(buffer), git) != nullptr) text += buffer;
    pclose(git);
  }
  absl::StripAsciiWhitespace(&text);
  return text.empty() ? "unknown" : text;
}

std::string MachineHere() {
  std::string model = "unknown processor", line;
  for (std::ifstream info("/proc/cpuinfo"); std::getline(info, line);)
    if (line.starts_with("model name") && line.find(':') != std::string::npos) {
      model = std::string(absl::StripAsciiWhitespace(line.substr(line.find(':') + 1)));
      break;
    }
  return absl::StrCat(std::thread::hardware_concurrency(), " cores, ", model);
}

std::string Today() { return absl::FormatTime("%Y-%m-%d", absl::Now(), absl::UTCTimeZone()); }

}  // namespace tuneward
