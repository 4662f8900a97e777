#include "core/data/chat_reader.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

constexpr size_t kShownBytes = 60;
constexpr size_t kMaxMessages =
    2048;                            // bounds what one hostile line can make of memory and problems
constexpr int kMaxUnknownKeys = 20;  // named for each object

std::optional<Role> ParseRole(std::string_view name) {
  for (Role role : {Role::kSystem, Role::kUser, Role::kAssistant})
    if (RoleName(role) == name) return role;
  return std::nullopt;
}

// Keys that other providers' formats have and this one refuses by name, with what to do instead.
const char* KnownButUnsupported(const std::string& key) {
  if (key == "tools" || key == "functions" || key == "parallel_tool_calls")
    return "tools are not supported: remove the key and the turns that use it";
  if (key == "tool_calls" || key == "function_call" || key == "tool_call_id")
    return "tool calls are not supported: remove the message";
  if (key == "prompt" || key == "completion")
    return "prompt/completion rows are not supported: write {\"messages\":[...]}";
  if (key == "preferred_completion") return "is named preferred_output here";
  if (key == "non_preferred_completion") return "is named non_preferred_output here";
  return nullptr;
}

void ReadContent(const Json& content, const std::string& path, Message& message,
                 Violations& problems) {
  if (content.is_array()) {
    problems.Add(path, "content parts are not supported: content must be one string");
  } else if (!content.is_string()) {
    problems.Add(path, absl::StrCat("must be a string, got ", ShownJson(content)));
  } else {
    message.content = content.get<std::string>();
    if (message.content.empty()) problems.Add(path, "must not be empty");
    // PostgreSQL's text cannot hold it, and no tokenizer means anything by it.
    if (message.content.find('\0') != std::string::npos)
      problems.Add(path, "must not hold the character U+0000");
  }
}

void ReadWeight(const Json& weight, const std::string& path, Weights weights, Message& message,
                Violations& problems) {
  if (weights == Weights::kRefused) {
    problems.Add(path, "has no meaning here: of a preference row the two outputs are learnt");
  } else if (!weight.is_number_integer() || (weight != 0 && weight != 1)) {
    problems.Add(path, absl::StrCat("must be 0 or 1, got ", ShownJson(weight)));
  } else if (message.role != Role::kAssistant) {
    problems.Add(path, "only assistant messages may have a weight");
  } else {
    message.trained = weight == 1;
  }
}

// One optional system message, then user and assistant in turn.
void CheckTurns(const std::vector<Message>& messages, const std::string& path,
                Violations& problems) {
  Role expected = Role::kUser;
  for (size_t i = 0; i < messages.size(); ++i) {
    const Role role = messages[i].role;
    const std::string at = absl::StrCat(path, "[", i, "].role");
    if (role == Role::kSystem) {
      if (i > 0) problems.Add(at, "a system message may only be the first");
      continue;
    }
    if (role != expected) {
      const std::string_view wanted = RoleName(expected);
      problems.Add(
          at, absl::StrCat("user and assistant must take turns: expected ", std::string(wanted)));
    }
    expected = role == Role::kUser ? Role::kAssistant : Role::kUser;
  }
}

// A chat ends with the assistant, and something of it is learnt.
void CheckEnd(const std::vector<Message>& messages, Violations& problems) {
  const auto is_answer = [](const Message& m) { return m.role == Role::kAssistant; };
  if (std::none_of(messages.begin(), messages.end(), is_answer))
    problems.Add("messages", "has no assistant message: there is nothing to learn");
  else if (!is_answer(messages.back()))
    problems.Add(absl::StrCat("messages[", messages.size() - 1, "].role"),
                 "the last message must be the assistant's");
  else if (std::none_of(messages.begin(), messages.end(),
                        [&](const Message& m) { return is_answer(m) && m.trained; }))
    problems.Add("messages", "every assistant message has weight 0: there is nothing to learn");
}

}  // namespace

std::string ShownJson(const Json& value) {
  std::string text = value.dump(-1, ' ', true);  // ASCII: any cut is between characters
  if (text.size() > kShownBytes) text = absl::StrCat(text.substr(0, kShownBytes), "...");
  return text;
}

std::string PathOf(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

void RefuseUnknownKeys(const Json& object, const std::string& path,
                       std::initializer_list<std::string_view> known, const char* rule,
                       Violations& problems) {
  int unknown = 0;
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    if (++unknown > kMaxUnknownKeys) break;
    const char* why = KnownButUnsupported(key);
    problems.Add(PathOf(path, key), why != nullptr ? why : rule);
  }
}

bool ReadMessage(const Json& json, const std::string& path, Weights weights, Message& message,
                 Violations& problems) {
  if (!json.is_object()) {
    problems.Add(path,
                 absl::StrCat("must be an object with role and content, got ", ShownJson(json)));
    return false;
  }
  bool known_role = false;
  if (auto role = json.find("role"); role == json.end()) {
    problems.Add(path + ".role", "is missing: must be system, user or assistant");
  } else if (!role->is_string() || !ParseRole(role->get<std::string>()).has_value()) {
    problems.Add(path + ".role",
                 absl::StrCat("must be system, user or assistant, got ", ShownJson(*role)));
  } else {
    message.role = *ParseRole(role->get<std::string>());
    known_role = true;
  }
  if (auto content = json.find("content"); content != json.end())
    ReadContent(*content, path + ".content", message, problems);
  else
    problems.Add(path + ".content", "is missing");
  if (auto weight = json.find("weight"); weight != json.end() && known_role)
    ReadWeight(*weight, path + ".weight", weights, message, problems);
  RefuseUnknownKeys(json, path, {"role", "content", "weight"},
                    "unknown key: a message has role, content and weight", problems);
  return known_role;
}

bool ReadMessages(const Json& list, const std::string& path, Weights weights,
                  std::vector<Message>& messages, Violations& problems) {
  if (!list.is_array() || list.empty()) {
    problems.Add(path, "must be a list of at least one message");
    return false;
  }
  if (list.size() > kMaxMessages) {
    problems.Add(path,
                 absl::StrCat("must hold at most ", kMaxMessages, " messages, got ", list.size()));
    return false;
  }
  bool roles_known = true;
  for (size_t i = 0; i < list.size(); ++i) {
    messages.emplace_back();
    roles_known &=
        ReadMessage(list[i], absl::StrCat(path, "[", i, "]"), weights, messages.back(), problems);
  }
  if (roles_known) CheckTurns(messages, path, problems);
  return roles_known;
}

Chat ReadChatJson(const Json& json, Violations& problems) {
  Chat chat;
  if (!json.is_object()) {
    problems.Add("", absl::StrCat("must be an object {\"messages\":[...]}, got ", ShownJson(json)));
    return chat;
  }
  RefuseUnknownKeys(json, "", {"messages"}, "unknown key: a row has messages only", problems);
  auto messages = json.find("messages");
  if (messages == json.end()) {
    problems.Add("messages", "is missing");
    return chat;
  }
  if (ReadMessages(*messages, "messages", Weights::kAllowed, chat.messages, problems))
    CheckEnd(chat.messages, problems);
  return chat;
}

}  // namespace tuneward
