#include "core/text/unicode.h"

#include <algorithm>
#include <iterator>
#include <memory>

namespace tuneward {
namespace {

struct CodeRange {
  uint32_t first, last;
};

#include "core/text/unicode_classes.inc"

constexpr uint32_t kTabulated = 0x20000;  // one byte a character up to here: emoji included

template <size_t n>
bool Contains(const CodeRange (&ranges)[n], uint32_t code_point) {
  const auto after =
      std::upper_bound(std::begin(ranges), std::end(ranges), code_point,
                       [](uint32_t code, const CodeRange& range) { return code < range.first; });
  return after != std::begin(ranges) && code_point <= std::prev(after)->last;
}

template <size_t n>
void Fill(const CodeRange (&ranges)[n], CharClass value, CharClass* table) {
  for (const CodeRange& range : ranges)
    for (uint32_t code = range.first; code <= range.last && code < kTabulated; ++code)
      table[code] = value;
}

const CharClass* Table() {
  static const std::unique_ptr<const CharClass[]> table = [] {
    auto made = std::make_unique<CharClass[]>(kTabulated);
    Fill(kLetters, CharClass::kLetter, made.get());
    Fill(kNumbers, CharClass::kNumber, made.get());
    Fill(kSpaces, CharClass::kSpace, made.get());
    return made;
  }();
  return table.get();
}

// Bytes that a character beginning with `lead` has, and what its second byte may be (Unicode
// 15.0, table 3-7).
struct Form {
  uint32_t bytes = 0;  // 0: begins nothing
  uint8_t low = 0x80, high = 0xBF;
};

Form FormOf(uint8_t lead) {
  if (lead < 0x80) return {1};
  if (lead < 0xC2) return {};
  if (lead < 0xE0) return {2};
  if (lead == 0xE0) return {3, 0xA0};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead < 0xF0) return {3};
  if (lead == 0xF0) return {4, 0x90};
  if (lead < 0xF4) return {4};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

// How many bytes from `at` on are a character or the beginning of one; at least 1.
uint32_t ValidBytes(std::string_view text, size_t at, const Form& form) {
  uint32_t n = 1;
  for (; n < form.bytes && at + n < text.size(); ++n) {
    const auto byte = static_cast<uint8_t>(text[at + n]);
    if (byte < (n == 1 ? form.low : 0x80) || byte > (n == 1 ? form.high : 0xBF)) break;
  }
  return n;
}

}  // namespace

CharClass ClassOf(uint32_t code_point) {
  if (code_point < kTabulated) return Table()[code_point];
  if (Contains(kLetters, code_point)) return CharClass::kLetter;
  if (Contains(kNumbers, code_point)) return CharClass::kNumber;
  return Contains(kSpaces, code_point) ? CharClass::kSpace : CharClass::kOther;
}

DecodedChar DecodeUtf8(std::string_view text, size_t at) {
  const auto lead = static_cast<uint8_t>(text[at]);
  if (lead < 0x80) return {lead, 1, true};
  const Form form = FormOf(lead);
  if (form.bytes == 0 || ValidBytes(text, at, form) < form.bytes) return {kReplacement, 1, false};
  uint32_t code = lead & (0xFFu >> (form.bytes + 1));
  for (uint32_t n = 1; n < form.bytes; ++n)
    code = code << 6 | (static_cast<uint8_t>(text[at + n]) & 0x3F);
  return {code, form.bytes, true};
}

void AppendUtf8(uint32_t code, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string ReplaceInvalidUtf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    const Form form = FormOf(static_cast<uint8_t>(bytes[at]));
    const uint32_t n = ValidBytes(bytes, at, form);
    if (form.bytes == n)
      out.append(bytes.substr(at, n));
    else
      AppendUtf8(kReplacement, out);
    at += n;
  }
  return out;
}

}  // namespace tuneward
