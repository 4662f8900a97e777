#include "core/data/chat.h"

#include "core/data/chat_reader.h"

namespace tuneward {

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
  }
  return "";
}

Json ChatToJson(const Chat& chat) {
  Json messages = Json::array();
  for (const Message& m : chat.messages) {
    Json message = {{"role", std::string(RoleName(m.role))}, {"content", m.content}};
    if (m.role == Role::kAssistant && !m.trained) message["weight"] = 0;
    messages.push_back(std::move(message));
  }
  return {{"messages", std::move(messages)}};
}

absl::StatusOr<Chat> ChatFromJson(const Json& json) {
  Violations problems;
  Chat chat = ReadChatJson(json, problems);
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return chat;
}

std::string ChatLine(const Chat& chat) { return CanonicalJson(ChatToJson(chat)); }

Chat MakeChat(std::string system, std::string user, std::string assistant) {
  Chat chat;
  if (!system.empty()) chat.messages.push_back({Role::kSystem, std::move(system)});
  chat.messages.push_back({Role::kUser, std::move(user)});
  chat.messages.push_back({Role::kAssistant, std::move(assistant)});
  return chat;
}

}  // namespace tuneward
