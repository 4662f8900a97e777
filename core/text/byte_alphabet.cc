#include "core/text/byte_alphabet.h"

#include "core/text/unicode.h"

namespace tuneward {
namespace {

// Printable characters of Latin-1 stand for themselves, the others follow from U+0100 on.
constexpr uint32_t kOthers = 0x100, kEnd = 0x144;

bool StandsForItself(uint32_t byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
  Alphabet() {
    uint32_t next = kOthers;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t code = StandsForItself(byte) ? byte : next++;
      AppendUtf8(code, characters[byte]);
      bytes[code] = static_cast<int>(byte);
    }
  }
  std::array<std::string, 256> characters;
  std::array<int, kEnd> bytes = [] {
    std::array<int, kEnd> none;
    none.fill(-1);
    return none;
  }();
};

const Alphabet& Data() {
  static const Alphabet alphabet;
  return alphabet;
}

}  // namespace

const std::array<std::string, 256>& ByteAlphabet() { return Data().characters; }

std::optional<std::string> TokenBytes(std::string_view token) {
  std::string bytes;
  for (size_t at = 0; at < token.size();) {
    const DecodedChar c = DecodeUtf8(token, at);
    if (!c.valid || c.code_point >= kEnd || Data().bytes[c.code_point] < 0) return std::nullopt;
    bytes += static_cast<char>(Data().bytes[c.code_point]);
    at += c.bytes;
  }
  return bytes;
}

}  // namespace tuneward
