// The text of a token sequence as the tokens come: a piece never ends within a character, and the
// pieces one after the other are what Tokenizer::Decode makes of all tokens at once. One thread;
// borrows the tokenizer.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/text/tokenizer.h"

namespace tuneward {

class TextStream {
 public:
  explicit TextStream(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  // What these tokens add for certain: bytes that more bytes may complete are held back, and with
  // them what could not be read so far.
  std::string Add(std::span<const TokenId> tokens);
  // What was held back, unreadable bytes as U+FFFD. Nothing may be added afterwards.
  std::string Finish();

 private:
  std::string Advance(const std::string& text, size_t certain);

  const Tokenizer& tokenizer_;
  // The last tokens, from one on that begins after whole characters and has text of its own (so
  // that what Decode does to the beginning of a text is done to it); the first of all until then.
  std::vector<TokenId> window_;
  size_t told_ = 0;  // bytes of the window's text
};

}  // namespace tuneward
