// The strict readers of chats and their messages, which name everything that is wrong with the path
// at which it stands (`messages[2].role`). What rows of every format are made of (data_row.h).
// Pure.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/data/chat.h"

namespace tuneward {

// {"messages":[...]} whose last message is the assistant's and learnt.
Chat ReadChatJson(const Json& json, Violations& problems);

// Whether messages may say by `weight` which answers are learnt.
enum class Weights { kAllowed, kRefused };

// One message at `path`. Returns whether its role could be read.
bool ReadMessage(const Json& json, const std::string& path, Weights weights, Message& message,
                 Violations& problems);

// The list `messages` at `path`, with the order of turns. False: its end need not be looked at,
// because messages are missing or say too little.
bool ReadMessages(const Json& list, const std::string& path, Weights weights,
                  std::vector<Message>& messages, Violations& problems);

// A problem for each key of `object` that is none of `known`; `rule` says which there are.
void RefuseUnknownKeys(const Json& object, const std::string& path,
                       std::initializer_list<std::string_view> known, const char* rule,
                       Violations& problems);

// A value as it may stand in a message: short, whole characters only.
std::string ShownJson(const Json& value);

// `key` within `path`; the path of the whole is empty.
std::string PathOf(const std::string& path, std::string_view key);

}  // namespace tuneward
