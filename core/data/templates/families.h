// The families of models whose chats this build writes; chat_template.cc holds their list, and
// docs/concepts/tokenizers_and_templates.md says which models they fit. Plain values.
#pragma once

#include "core/data/templates/chat_parts.h"

namespace tuneward {

ChatFamily Tuneward1();  // contracts.md D13
ChatFamily Llama2();
ChatFamily Llama3();
ChatFamily Llama31();
ChatFamily ChatMl();
ChatFamily Qwen25();
ChatFamily Qwen3();
ChatFamily Mistral1();
ChatFamily Mistral3();
ChatFamily Gemma();

std::vector<ChatFamily> ChatFamilies();  // all of them, defined in chat_template.cc

}  // namespace tuneward
