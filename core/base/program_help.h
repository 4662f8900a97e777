// What --help of a process prints: what it is for and the flags of its own main.cc, not those of
// libraries. Without it abseil looks for a file named after the binary and prints no flag at all.
// --version prints `program` and its version. Call from main, before the flags are parsed.
#pragma once

#include <string_view>

namespace tuneward {

void SetProgramHelp(std::string_view program, std::string_view version, std::string_view usage);

}  // namespace tuneward
