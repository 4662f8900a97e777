#include "core/text/word_split.h"

#include "core/text/unicode.h"

namespace tuneward {
namespace {

constexpr char kLlama3Regex[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr char kQwen2Regex[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
// Of GPT-2, also as a Split. \s+(?!\S)|\s+ ends the others too.
constexpr char kGpt2Regex[] =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

constexpr uint32_t kLongS = 0x17F;  // folds to s where case is ignored; no other such character

class Scanner {
 public:
  Scanner(std::string_view text, size_t begin) : text_(text), begin_(begin) {}

  size_t Gpt2() const {
    if (const size_t end = Contraction(/*ignore_case=*/false); end != 0) return end;
    const DecodedChar first = At(begin_);
    const size_t after = begin_ + first.bytes;
    if (first.code_point == ' ' && after < text_.size()) {
      const CharClass next = ClassAt(after);
      if (next != CharClass::kSpace) return Run(after, next);
    }
    const CharClass own = ClassOf(first.code_point);
    return own == CharClass::kSpace ? Spaces() : Run(begin_, own);
  }

  size_t Llama3(size_t max_digits) const {
    if (const size_t end = Contraction(/*ignore_case=*/true); end != 0) return end;
    const DecodedChar first = At(begin_);
    const CharClass own = ClassOf(first.code_point);
    const size_t after = begin_ + first.bytes;
    if (own == CharClass::kLetter) return Run(begin_, own);
    if (own == CharClass::kNumber) return Run(begin_, own, max_digits);
    const CharClass next = after < text_.size() ? ClassAt(after) : CharClass::kSpace;
    // One character that is no line break may lead a word.
    if (!IsBreak(first.code_point) && next == CharClass::kLetter) return Run(after, next);
    if (own == CharClass::kOther) return Breaks(Run(begin_, own));
    if (first.code_point == ' ' && next == CharClass::kOther) return Breaks(Run(after, next));
    if (const size_t end = SpacesToBreak(); end != 0) return end;
    return Spaces();
  }

 private:
  static bool IsBreak(uint32_t code) { return code == '\r' || code == '\n'; }
  DecodedChar At(size_t at) const { return DecodeUtf8(text_, at); }
  CharClass ClassAt(size_t at) const { return ClassOf(At(at).code_point); }

  // 's 't 're 've 'm 'll 'd; 0: none of them.
  size_t Contraction(bool ignore_case) const {
    if (text_[begin_] != '\'') return 0;
    const char first = Letter(begin_ + 1, ignore_case);
    const char second = Letter(begin_ + 2, ignore_case);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return begin_ + 2;
    if (((first == 'r' || first == 'v') && second == 'e') || (first == 'l' && second == 'l'))
      return begin_ + 3;
    if (ignore_case && begin_ + 1 < text_.size() && At(begin_ + 1).code_point == kLongS)
      return begin_ + 3;
    return 0;
  }
  char Letter(size_t at, bool lower) const {
    const char c = at < text_.size() ? text_[at] : '\0';
    return lower && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }

  // Characters of one class from `at` on.
  size_t Run(size_t at, CharClass wanted, size_t most = static_cast<size_t>(-1)) const {
    while (at < text_.size() && most-- > 0) {
      const DecodedChar c = At(at);
      if (ClassOf(c.code_point) != wanted) break;
      at += c.bytes;
    }
    return at;
  }

  size_t Breaks(size_t at) const {
    while (at < text_.size() && IsBreak(static_cast<uint8_t>(text_[at]))) ++at;
    return at;
  }

  // \s*[\r\n]+: up to the last line break of the run; 0: it has none.
  size_t SpacesToBreak() const {
    size_t end = 0;
    for (size_t at = begin_; at < text_.size();) {
      const DecodedChar c = At(at);
      if (ClassOf(c.code_point) != CharClass::kSpace) break;
      at += c.bytes;
      if (IsBreak(c.code_point)) end = at;
    }
    return end;
  }

  // \s+(?!\S)|\s+: the last space before a word is left to it, unless it stands alone.
  size_t Spaces() const {
    size_t at = begin_, last = begin_;
    while (at < text_.size()) {
      const DecodedChar c = At(at);
      if (ClassOf(c.code_point) != CharClass::kSpace) break;
      last = at;
      at += c.bytes;
    }
    return at == text_.size() || last == begin_ ? at : last;
  }

  std::string_view text_;
  size_t begin_;
};

}  // namespace

std::optional<WordPattern> WordPatternOf(std::string_view regex) {
  if (regex == kLlama3Regex) return WordPattern::kLlama3;
  if (regex == kQwen2Regex) return WordPattern::kQwen2;
  if (regex == kGpt2Regex) return WordPattern::kGpt2;
  return std::nullopt;
}

std::string KnownWordPatterns() { return "those of GPT-2, Llama 3 (GPT-4) and Qwen 2"; }

size_t EndOfWord(WordPattern pattern, std::string_view text, size_t begin) {
  const Scanner scanner(text, begin);
  switch (pattern) {
    case WordPattern::kGpt2:
      return scanner.Gpt2();
    case WordPattern::kLlama3:
      return scanner.Llama3(3);
    case WordPattern::kQwen2:
      return scanner.Llama3(1);
  }
  return text.size();
}

}  // namespace tuneward
