// ChatML: <|im_start|>role\ncontent<|im_end|>\n for every message, content as it is written. Qwen
// 2.5 adds a system message where the chat has none; Qwen 3, here without its thinking, leads the
// last answer with an empty thought.
#include <algorithm>

#include "core/data/templates/families.h"

namespace tuneward {
namespace {

constexpr char kNoThought[] = "<think>\n\n</think>\n\n";

void Open(std::string_view role, ChatWriter& out) {
  out.Control("<|im_start|>");
  out.Text(role);
  out.Text("\n");
}

void Close(bool learnt, ChatWriter& out) {
  out.Control("<|im_end|>", learnt);
  out.Text("\n");
}

// `thought`: stands before the last answer, and before the one that a prompt asks for.
void Write(const Chat& chat, bool prompt, std::string_view thought, ChatWriter& out) {
  for (size_t i = 0; i < chat.messages.size(); ++i) {
    const Message& message = chat.messages[i];
    Open(RoleName(message.role), out);
    if (message.role != Role::kAssistant) {
      out.Text(message.content);
      Close(false, out);
      continue;
    }
    std::string_view answer = message.content;
    if (i + 1 == chat.messages.size() && !thought.empty()) {
      out.Text(thought);
      answer.remove_prefix(std::min(answer.find_first_not_of('\n'), answer.size()));
    }
    out.Answer(answer, message.trained);
    Close(message.trained, out);
  }
  if (!prompt) return;
  Open("assistant", out);
  if (!thought.empty()) out.Text(thought);
}

void WriteChatMl(const Chat& chat, bool prompt, ChatWriter& out) { Write(chat, prompt, "", out); }

void WriteQwen25(const Chat& chat, bool prompt, ChatWriter& out) {
  if (SystemOf(chat).empty()) {
    Open("system", out);
    out.Text("You are Qwen, created by Alibaba Cloud. You are a helpful assistant.");
    Close(false, out);
  }
  Write(chat, prompt, "", out);
}

void WriteQwen3(const Chat& chat, bool prompt, ChatWriter& out) {
  Write(chat, prompt, kNoThought, out);
}

ChatFamily Make(const char* id, void (*write)(const Chat&, bool, ChatWriter&)) {
  return {id, {"<|im_start|>", "<|im_end|>"}, "<|im_end|>", "", write, {"<|endoftext|>"}};
}

}  // namespace

ChatFamily ChatMl() { return Make("chatml/1", WriteChatMl); }
ChatFamily Qwen25() { return Make("qwen2.5/1", WriteQwen25); }
ChatFamily Qwen3() { return Make("qwen3/1", WriteQwen3); }

}  // namespace tuneward
