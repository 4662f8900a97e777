// Characters as the split patterns of byte-level BPE see them, and UTF-8 one code point at a time.
// The tables (unicode_classes.inc, made by make_unicode_tables.py) are those of the Hugging Face
// tokenizers package. Pure, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tuneward {

enum class CharClass : uint8_t { kOther, kLetter, kNumber, kSpace };  // \p{L}, \p{N}, \s

CharClass ClassOf(uint32_t code_point);

inline constexpr uint32_t kReplacement = 0xFFFD;

struct DecodedChar {
  uint32_t code_point = 0;
  uint32_t bytes = 0;  // 1 to 4
  bool valid = true;   // false: a byte that begins no character, given as U+FFFD
};
// The character that begins at `at` < text.size().
DecodedChar DecodeUtf8(std::string_view text, size_t at);
void AppendUtf8(uint32_t code_point, std::string& out);

// Each longest part that is the beginning of no character becomes one U+FFFD (Unicode 15.0,
// section 3.9, "substitution of maximal subparts"; what Rust's from_utf8_lossy does).
std::string ReplaceInvalidUtf8(std::string_view bytes);

}  // namespace tuneward
