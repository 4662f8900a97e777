// Mistral 7B Instruct. v0.1 and v0.2 write [INST] U [/INST] A</s> with marks that are ordinary text
// and the system message before the first user message; v0.3 has symbols for the marks and puts the
// system message before the last user message.
#include "absl/strings/str_cat.h"
#include "core/data/templates/families.h"

namespace tuneward {
namespace {

absl::string_view Bridge(std::string_view text) { return {text.data(), text.size()}; }

std::string WithSystem(std::string_view system, const std::string& content) {
  return system.empty() ? content : absl::StrCat(Bridge(system), "\n\n", content);
}

void WriteAnswer(const Message& turn, ChatWriter& out) {
  out.Answer(absl::StrCat(" ", turn.content), turn.trained);
  out.Control("</s>", turn.trained);
}

void Write1(const Chat& chat, bool, ChatWriter& out) {
  std::string_view system = SystemOf(chat);
  out.Control("<s>");
  for (const Message* turn : TurnsOf(chat)) {
    if (turn->role == Role::kAssistant) {
      WriteAnswer(*turn, out);
      continue;
    }
    out.Text(absl::StrCat(" [INST] ", WithSystem(system, turn->content), " [/INST]"));
    system = "";
  }
}

void Write3(const Chat& chat, bool, ChatWriter& out) {
  const std::vector<const Message*> turns = TurnsOf(chat);
  const Message* last_user = nullptr;
  for (const Message* turn : turns)
    if (turn->role == Role::kUser) last_user = turn;
  out.Control("<s>");
  for (const Message* turn : turns) {
    if (turn->role == Role::kAssistant) {
      WriteAnswer(*turn, out);
      continue;
    }
    const std::string_view system = turn == last_user ? SystemOf(chat) : "";
    out.Control("[INST]");
    out.Text(absl::StrCat(" ", WithSystem(system, turn->content)));
    out.Control("[/INST]");
  }
}

}  // namespace

ChatFamily Mistral1() { return {"mistral/1", {"<s>", "</s>"}, "</s>", " ", Write1}; }
ChatFamily Mistral3() {
  return {"mistral/3", {"<s>", "</s>", "[INST]", "[/INST]"}, "</s>", " ", Write3};
}

}  // namespace tuneward
