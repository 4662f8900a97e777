#include "core/data/templates/chat_parts.h"

#include "core/text/unicode.h"

namespace tuneward {
namespace {

bool IsSpace(std::string_view character) {
  const uint32_t code = DecodeUtf8(character, 0).code_point;
  return ClassOf(code) == CharClass::kSpace || (code >= 0x1C && code <= 0x1F);
}

// Where the last character of `text` begins.
size_t LastCharacter(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

}  // namespace

void ChatWriter::Control(std::string_view symbol, bool learnt) {
  parts_.push_back({true, std::string(symbol), learnt});
  open_ = false;
}

void ChatWriter::Text(std::string_view text) {
  if (open_)
    parts_.back().text += text;
  else
    parts_.push_back({false, std::string(text), false});
  open_ = true;
}

void ChatWriter::Answer(std::string_view text, bool learnt) {
  parts_.push_back({false, std::string(text), learnt});
  open_ = false;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text)) text.remove_prefix(DecodeUtf8(text, 0).bytes);
  while (!text.empty() && IsSpace(text.substr(LastCharacter(text))))
    text = text.substr(0, LastCharacter(text));
  return text;
}

std::string_view SystemOf(const Chat& chat) {
  if (chat.messages.empty() || chat.messages[0].role != Role::kSystem) return "";
  return chat.messages[0].content;
}

std::vector<const Message*> TurnsOf(const Chat& chat) {
  std::vector<const Message*> turns;
  for (const Message& message : chat.messages)
    if (message.role != Role::kSystem) turns.push_back(&message);
  return turns;
}

}  // namespace tuneward
