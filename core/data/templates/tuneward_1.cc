// tuneward/1 (contracts.md D13): a symbol opens and another ends every message, nothing else is
// written.
#include "core/data/templates/families.h"

namespace tuneward {
namespace {

const char* Opening(Role role) {
  switch (role) {
    case Role::kSystem:
      return "<|system|>";
    case Role::kUser:
      return "<|user|>";
    case Role::kAssistant:
      return "<|assistant|>";
  }
  return "";
}

void Write(const Chat& chat, bool prompt, ChatWriter& out) {
  out.Control("<s>");
  for (const Message& message : chat.messages) {
    const bool learnt = message.role == Role::kAssistant && message.trained;
    out.Control(Opening(message.role));
    out.Answer(message.content, learnt);
    out.Control("<|end|>", learnt);
  }
  if (prompt) out.Control("<|assistant|>");
}

}  // namespace

ChatFamily Tuneward1() {
  return {"tuneward/1",
          {"<s>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"},
          "<|end|>",
          "",
          Write};
}

}  // namespace tuneward
