#include "core/data/profile_sample.h"

#include <string>
#include <string_view>

namespace tuneward {
namespace {

constexpr size_t kMaxRowBytes = 16 << 10;     // of a row in the sample: bounds its memory
constexpr size_t kMaxMessageBytes = 4 << 10;  // of a message of a longer row

bool StartsCharacter(char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }

// A text's first and last bytes, whole characters.
std::string WithoutMiddle(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  size_t head = bytes / 2, tail = text.size() - bytes / 2;
  while (head > 0 && !StartsCharacter(text[head])) --head;
  while (tail < text.size() && !StartsCharacter(text[tail])) ++tail;
  return std::string(text.substr(0, head)) + " " + std::string(text.substr(tail));
}

}  // namespace

// FNV-1a, then splitmix64.
uint64_t SampleKey(const Chat& chat, uint64_t ordinal) {
  uint64_t h = 0xcbf29ce484222325ULL ^ ordinal;
  for (const Message& m : chat.messages)
    for (char c : m.content) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  h += 0x9e3779b97f4a7c15ULL;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9ULL;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebULL;
  return h ^ (h >> 31);
}

Chat ForSample(const DataRow& row) {
  const Chat& chat = row.chat;
  size_t bytes = 0;
  for (const Message& m : chat.messages) bytes += m.content.size();
  if (bytes <= kMaxRowBytes) return chat;
  Chat kept;
  bytes = 0;
  for (const Message& m : chat.messages) {
    Message cut = m;
    cut.content = WithoutMiddle(m.content, kMaxMessageBytes);
    bytes += cut.content.size();
    if (bytes > kMaxRowBytes) break;  // never before the fourth message
    kept.messages.push_back(std::move(cut));
  }
  if (row.format() == DataFormat::kPreference && kept.messages.size() < chat.messages.size()) {
    kept.messages.push_back(chat.messages.back());
    kept.messages.back().content = WithoutMiddle(chat.messages.back().content, kMaxMessageBytes);
  }
  return kept;
}

}  // namespace tuneward
