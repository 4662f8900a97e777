// The pre-tokenizers of byte-level BPE: where one word of a text ends and the next begins. Each is
// a regular expression of a Hugging Face tokenizer.json, written out as a scanner, so that no
// pattern from a file is ever run. Pure, any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tuneward {

enum class WordPattern {
  kGpt2,    // ByteLevel with use_regex
  kLlama3,  // Llama 3, GPT-4: numbers in groups of up to three digits
  kQwen2,   // Qwen 2, 2.5 and 3: every digit alone
};

// The pattern that this Split regex is; nothing when it is none of those.
std::optional<WordPattern> WordPatternOf(std::string_view regex);
// What WordPatternOf knows, to be named in an error.
std::string KnownWordPatterns();

// Where the word that begins at `begin` < text.size() ends. Bytes that are no UTF-8 count as
// symbols. Splitting a whole text takes time that grows with its size only.
size_t EndOfWord(WordPattern pattern, std::string_view text, size_t begin);

}  // namespace tuneward
