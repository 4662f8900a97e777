#include "core/text/nfc.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text/lookup.h"
#include "core/text/unicode.h"

namespace tuneward {
namespace {

struct CombiningRange {
  uint32_t first, last, combining_class;
};
struct Composition {
  uint32_t first, second, composed;
};
struct Decomposition {
  uint32_t code, first, second;
};

#include "core/text/unicode_compositions.inc"

constexpr uint32_t kCodePoints = 0x110000;
constexpr uint32_t kRawByte = kCodePoints;  // + the byte: one that is no UTF-8
// The first character that NFC may change or move, U+0300, begins with this byte.
constexpr uint8_t kFirstActiveLead = 0xCC;

// Hangul syllables are composed by arithmetic (Unicode 15.0, section 3.12).
constexpr uint32_t kS = 0xAC00, kL = 0x1100, kV = 0x1161, kT = 0x11A7;
constexpr uint32_t kLs = 19, kVs = 21, kTs = 28, kSyllables = kLs * kVs * kTs;

uint64_t Key(uint32_t first, uint32_t second) { return uint64_t{first} << 32 | second; }

struct Tables {
  Tables() {
    for (const CombiningRange& range : kCombining) {
      for (uint32_t code = range.first; code <= range.last; ++code) {
        classes.Insert(code, static_cast<uint8_t>(range.combining_class));
        active[code] = true;
      }
    }
    for (const Composition& pair : kCompositions) {
      composed.Insert(Key(pair.first, pair.second), pair.composed);
      parts.Insert(pair.composed, {pair.first, pair.second});
      active[pair.second] = true;
    }
    for (const Decomposition& entry : kDecompositions) {
      parts.Insert(entry.code, {entry.first, entry.second});
      active[entry.code] = true;
    }
    for (uint32_t code = kV; code < kV + kVs; ++code) active[code] = true;
    for (uint32_t code = kT + 1; code < kT + kTs; ++code) active[code] = true;
  }
  Lookup<uint32_t, uint8_t> classes;
  Lookup<uint64_t, uint32_t> composed;
  Lookup<uint32_t, std::pair<uint32_t, uint32_t>> parts;
  // Changes, moves or joins what stands before it.
  std::vector<bool> active = std::vector<bool>(kCodePoints);
};

const Tables& Data() {
  static const Tables tables;
  return tables;
}

struct Mark {
  uint32_t code;
  uint8_t combining_class;
};

void Decompose(uint32_t code, std::vector<Mark>& out) {
  if (code - kS < kSyllables) {
    const uint32_t index = code - kS;
    out.push_back({kL + index / (kVs * kTs), 0});
    out.push_back({kV + index / kTs % kVs, 0});
    if (index % kTs != 0) out.push_back({kT + index % kTs, 0});
    return;
  }
  if (const auto* parts = Data().parts.Find(code); parts != nullptr) {
    Decompose(parts->first, out);
    if (parts->second != 0) Decompose(parts->second, out);
    return;
  }
  const uint8_t* combining_class = Data().classes.Find(code);
  out.push_back({code, combining_class == nullptr ? uint8_t{0} : *combining_class});
}

// Marks after a starter in the order of their classes; equal ones stay in theirs.
void Reorder(std::vector<Mark>& marks) {
  for (auto it = marks.begin(); it != marks.end();) {
    if (it->combining_class == 0) {
      ++it;
      continue;
    }
    const auto end =
        std::find_if(it, marks.end(), [](const Mark& mark) { return mark.combining_class == 0; });
    std::stable_sort(it, end, [](const Mark& a, const Mark& b) {
      return a.combining_class < b.combining_class;
    });
    it = end;
  }
}

uint32_t Compose(uint32_t first, uint32_t second) {  // 0: they do not
  if (first - kL < kLs && second - kV < kVs) return kS + ((first - kL) * kVs + (second - kV)) * kTs;
  if (first - kS < kSyllables && (first - kS) % kTs == 0 && second - kT - 1 < kTs - 1)
    return first + (second - kT);
  const uint32_t* composed = Data().composed.Find(Key(first, second));
  return composed == nullptr ? 0 : *composed;
}

void Recompose(std::vector<Mark>& marks) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  size_t kept = 0, starter = kNone;
  for (size_t i = 0; i < marks.size(); ++i) {
    const Mark mark = marks[i];
    // Blocked by what stands between: a mark of the same or a higher class, or another starter.
    const bool blocked =
        starter == kNone ||
        (kept - 1 > starter && marks[kept - 1].combining_class >= mark.combining_class);
    if (const uint32_t made = blocked ? 0 : Compose(marks[starter].code, mark.code); made != 0) {
      marks[starter].code = made;
      continue;
    }
    if (mark.combining_class == 0) starter = kept;
    marks[kept++] = mark;
  }
  marks.resize(kept);
}

}  // namespace

bool IsCertainlyNfc(std::string_view text) {
  const auto may_be_active = [](char c) { return static_cast<uint8_t>(c) >= kFirstActiveLead; };
  for (size_t at = 0;;) {
    at = static_cast<size_t>(
        std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), may_be_active) -
        text.begin());
    if (at == text.size()) return true;
    const DecodedChar c = DecodeUtf8(text, at);
    if (c.valid && Data().active[c.code_point]) return false;
    at += c.bytes;
  }
}

std::string NormalizeNfc(std::string_view text) {
  if (IsCertainlyNfc(text)) return std::string(text);
  std::vector<Mark> marks;
  marks.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const DecodedChar c = DecodeUtf8(text, at);
    if (c.valid)
      Decompose(c.code_point, marks);
    else
      marks.push_back({kRawByte + static_cast<uint8_t>(text[at]), 0});
    at += c.bytes;
  }
  Reorder(marks);
  Recompose(marks);
  std::string out;
  out.reserve(text.size());
  for (const Mark& mark : marks) {
    if (mark.code >= kRawByte)
      out += static_cast<char>(mark.code - kRawByte);
    else
      AppendUtf8(mark.code, out);
  }
  return out;
}

}  // namespace tuneward
