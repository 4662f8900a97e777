// Gemma 1 to 3: <start_of_turn>user\nU<end_of_turn>\n<start_of_turn>model\nA<end_of_turn>\n. The
// family has no system turn: that of Gemma 1 and 2 refuses one, that of Gemma 3 writes it before
// the first user message, and so does this for all.
#include "core/data/templates/families.h"

namespace tuneward {
namespace {

void Open(std::string_view role, ChatWriter& out) {
  out.Control("<start_of_turn>");
  out.Text(role);
  out.Text("\n");
}

void Write(const Chat& chat, bool prompt, ChatWriter& out) {
  std::string_view system = SystemOf(chat);
  out.Control("<bos>");
  for (const Message* turn : TurnsOf(chat)) {
    const bool answers = turn->role == Role::kAssistant;
    const bool learnt = answers && turn->trained;
    Open(answers ? "model" : "user", out);
    if (answers) {
      out.Answer(Trim(turn->content), learnt);
    } else {
      if (!system.empty()) {
        out.Text(system);
        out.Text("\n\n");
        system = "";
      }
      out.Text(Trim(turn->content));
    }
    out.Control("<end_of_turn>", learnt);
    out.Text("\n");
  }
  if (prompt) Open("model", out);
}

}  // namespace

ChatFamily Gemma() {
  return {"gemma/1", {"<bos>", "<start_of_turn>", "<end_of_turn>"}, "<end_of_turn>", "", Write,
          {"<eos>"}};
}

}  // namespace tuneward
