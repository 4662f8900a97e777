// Quotes a stranger's text in a message: at most so many bytes, cut between characters, because
// messages travel in protobuf strings and PostgreSQL text, which refuse half a character. Pure.
#pragma once

#include <string>
#include <string_view>

namespace tuneward {

// "..." follows what was cut. The text must be UTF-8.
std::string CutText(std::string_view text, size_t max_bytes);

}  // namespace tuneward
