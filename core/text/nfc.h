// Unicode normalization form C, as the Hugging Face tokenizers package does it (Unicode 9.0, by
// unicode_compositions.inc; later characters pass unchanged). Pure, any thread.
#pragma once

#include <string>
#include <string_view>

namespace tuneward {

// Bytes that are no UTF-8 pass unchanged. Time grows as n log n at worst.
std::string NormalizeNfc(std::string_view text);
// True: NormalizeNfc would change nothing. False: it may.
bool IsCertainlyNfc(std::string_view text);

}  // namespace tuneward
