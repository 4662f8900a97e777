// Llama 2: <s>[INST] <<SYS>>\nS\n<</SYS>>\n\nU [/INST] A </s>, the marks being ordinary text.
// Llama 3: a header and an end for every message; 3.1 and later always have a system message, with
// the date that the published template falls back to, so that a row is the same on every day.
#include "absl/strings/str_cat.h"
#include "core/data/templates/families.h"

namespace tuneward {
namespace {

absl::string_view Bridge(std::string_view text) { return {text.data(), text.size()}; }

void WriteLlama2(const Chat& chat, bool, ChatWriter& out) {
  const std::string_view system = SystemOf(chat);
  bool first = true;
  for (const Message* turn : TurnsOf(chat)) {
    if (turn->role == Role::kAssistant) {
      out.Answer(absl::StrCat(" ", Bridge(Trim(turn->content)), " "), turn->trained);
      out.Control("</s>", turn->trained);
      continue;
    }
    std::string content = turn->content;
    if (first && !system.empty())
      content = absl::StrCat("<<SYS>>\n", Bridge(system), "\n<</SYS>>\n\n", content);
    first = false;
    out.Control("<s>");
    out.Text(absl::StrCat("[INST] ", Bridge(Trim(content)), " [/INST]"));
  }
}

void OpenLlama3(std::string_view role, ChatWriter& out) {
  out.Control("<|start_header_id|>");
  out.Text(role);
  out.Control("<|end_header_id|>");
  out.Text("\n\n");
}

void WriteLlama3Message(const Message& message, ChatWriter& out) {
  const bool learnt = message.role == Role::kAssistant && message.trained;
  OpenLlama3(RoleName(message.role), out);
  if (message.role == Role::kAssistant)
    out.Answer(Trim(message.content), learnt);
  else
    out.Text(Trim(message.content));
  out.Control("<|eot_id|>", learnt);
}

void WriteLlama3(const Chat& chat, bool prompt, ChatWriter& out) {
  out.Control("<|begin_of_text|>");
  for (const Message& message : chat.messages) WriteLlama3Message(message, out);
  if (prompt) OpenLlama3("assistant", out);
}

void WriteLlama31(const Chat& chat, bool prompt, ChatWriter& out) {
  out.Control("<|begin_of_text|>");
  OpenLlama3("system", out);
  out.Text("Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n");
  out.Text(Trim(SystemOf(chat)));
  out.Control("<|eot_id|>");
  for (const Message* turn : TurnsOf(chat)) WriteLlama3Message(*turn, out);
  if (prompt) OpenLlama3("assistant", out);
}

std::vector<const char*> Llama3Controls() {
  return {"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"};
}

}  // namespace

ChatFamily Llama2() { return {"llama2/1", {"<s>", "</s>"}, "</s>", " ", WriteLlama2}; }
ChatFamily Llama3() {
  return {"llama3/1", Llama3Controls(), "<|eot_id|>", "", WriteLlama3, {"<|end_of_text|>"}};
}
// <|eom_id|> ends a turn that calls a tool.
ChatFamily Llama31() {
  return {"llama3.1/1", Llama3Controls(), "<|eot_id|>",
          "",           WriteLlama31,     {"<|end_of_text|>", "<|eom_id|>"}};
}

}  // namespace tuneward
