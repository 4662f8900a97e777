// A chat as a family of models writes it: control symbols and text, each marked as learnt or not.
// What the families differ in is a function that fills a ChatWriter; parts become token ids in
// family_template.h. Plain values, pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/data/chat.h"

namespace tuneward {

struct ChatPart {
  bool control = false;  // `text` is the name of a control symbol; else it is encoded as text
  std::string text;
  bool learnt = false;
};

class ChatWriter {
 public:
  void Control(std::string_view symbol, bool learnt = false);
  // Framing and what the model is told. Text that follows text is encoded with it as one.
  void Text(std::string_view text);
  // What the model answers: encoded apart from the text before it, so that a prompt's tokens are
  // the beginning of the row's.
  void Answer(std::string_view text, bool learnt);
  std::vector<ChatPart>& parts() { return parts_; }

 private:
  std::vector<ChatPart> parts_;
  bool open_ = false;  // the last part is text that may grow
};

// How one family writes chats.
struct ChatFamily {
  const char* id;
  std::vector<const char*> controls;  // the tokenizer must have them
  const char* stop;                   // ends an answer
  const char* answer_lead;            // stands before a forced prefix as before every answer
  // The whole chat; with `prompt` also the opening of the answer that comes next.
  void (*write)(const Chat& chat, bool prompt, ChatWriter& out);
  // End an answer too where the tokenizer has them: what the models' generation_config.json lists
  // beside `stop`.
  std::vector<const char*> more_stops = {};
};

// Without white space at both ends (what str.strip of Python takes for it, and so every published
// template).
std::string_view Trim(std::string_view text);

// The system message, or nothing; and the messages without it.
std::string_view SystemOf(const Chat& chat);
std::vector<const Message*> TurnsOf(const Chat& chat);

}  // namespace tuneward
