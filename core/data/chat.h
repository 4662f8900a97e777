// A chat in the field's fine-tuning format, {"messages":[{"role","content","weight"?}]}: what rows,
// prompts and mixed rows are made of. Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"

namespace tuneward {

enum class Role { kSystem, kUser, kAssistant };

std::string_view RoleName(Role role);  // "system", "user", "assistant"

struct Message {
  Role role = Role::kUser;
  std::string content;
  bool trained = true;  // assistant only: `weight` != 0
  bool operator==(const Message&) const = default;
};

struct Chat {
  std::vector<Message> messages;
  bool operator==(const Chat&) const = default;
};

Json ChatToJson(const Chat& chat);  // {"messages":[...]}
absl::StatusOr<Chat> ChatFromJson(const Json& json);
std::string ChatLine(const Chat& chat);  // one JSONL line without the newline

Chat MakeChat(std::string system, std::string user,
              std::string assistant);  // an empty system adds no turn

}  // namespace tuneward
