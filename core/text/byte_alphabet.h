// The alphabet in which byte-level BPE writes tokens: each of the 256 bytes as one printable
// character (GPT-2's bytes_to_unicode), so that a token is text although it may hold half a
// character. Pure, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tuneward {

// The character that stands for each byte, in UTF-8.
const std::array<std::string, 256>& ByteAlphabet();

// The bytes that a token stands for; nothing when it holds a character from outside the alphabet.
std::optional<std::string> TokenBytes(std::string_view token);

}  // namespace tuneward
