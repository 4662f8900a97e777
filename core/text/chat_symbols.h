// Which pieces of a sentencepiece model are symbols of a chat. Some models (Gemma's) have them as
// user-defined pieces, which sentencepiece reads from any text: then a user could open a turn of
// the system's or the assistant's. As control pieces they come from chat templates alone. Pure.
#pragma once

#include <string>
#include <string_view>

namespace tuneward {

// <start_of_turn>, <end_of_turn>, [INST], [/INST], and what is written as <|...|>.
bool IsChatSymbol(std::string_view piece);

// The serialized model with its user-defined chat symbols made control pieces. Bytes that are no
// model pass unchanged.
std::string WithChatSymbolsAsControls(std::string_view serialized);

}  // namespace tuneward
