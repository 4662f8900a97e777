#include "core/text/text_stream.h"

#include <algorithm>
#include <string_view>

namespace tuneward {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
// Tokens that are decoded again with each new one; a smaller window is sought above it.
constexpr size_t kWindow = 16;

size_t CertainBytes(std::string_view text) {
  while (text.ends_with(kReplacement)) text.remove_suffix(kReplacement.size());
  return text.size();
}

}  // namespace

std::string TextStream::Advance(const std::string& text, size_t certain) {
  if (certain <= told_) return "";
  const std::string piece = text.substr(told_, certain - told_);
  told_ = certain;
  return piece;
}

std::string TextStream::Add(std::span<const TokenId> tokens) {
  window_.insert(window_.end(), tokens.begin(), tokens.end());
  const std::string text = tokenizer_.Decode(window_);
  const size_t certain = CertainBytes(text);
  std::string piece = Advance(text, certain);
  if (window_.size() <= kWindow || certain < text.size()) return piece;
  // A token that alone is readable text to its end may stand for all before it.
  const std::string last = tokenizer_.Decode({window_.back()});
  if (last.empty() || last.find(kReplacement) != std::string::npos) return piece;
  window_ = {window_.back()};
  told_ = last.size();
  return piece;
}

std::string TextStream::Finish() {
  const std::string text = tokenizer_.Decode(window_);
  return Advance(text, text.size());
}

}  // namespace tuneward
