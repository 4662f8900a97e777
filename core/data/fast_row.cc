#include "core/data/fast_row.h"

namespace tuneward {
namespace {

constexpr size_t kFastMessages = 256;

namespace dom = simdjson::dom;

bool FastMessage(dom::element element, Message& message, bool& has_weight) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return false;
  bool has_role = false, has_content = false;
  has_weight = false;
  message.trained = true;
  for (auto [key, value] : object) {
    std::string_view text;
    int64_t weight = 0;
    if (key == "role" && !has_role && value.get(text) == simdjson::SUCCESS) {
      has_role = true;
      if (text == "user")
        message.role = Role::kUser;
      else if (text == "assistant")
        message.role = Role::kAssistant;
      else if (text == "system")
        message.role = Role::kSystem;
      else
        return false;
    } else if (key == "content" && !has_content && value.get(text) == simdjson::SUCCESS) {
      has_content = true;
      if (text.empty() || text.find('\0') != std::string_view::npos) return false;
      message.content.assign(text);
    } else if (key == "weight" && !has_weight && value.get(weight) == simdjson::SUCCESS &&
               (weight == 0 || weight == 1)) {
      has_weight = true;
      message.trained = weight == 1;
    } else {
      return false;
    }
  }
  return has_role && has_content && (!has_weight || message.role == Role::kAssistant);
}

// The messages of an object that has nothing else, in the order of turns, with room for `more`.
bool FastMessages(dom::object object, size_t more, Chat& chat, bool& any_weight) {
  dom::array messages;
  if (object.size() != 1 || object["messages"].get(messages) != simdjson::SUCCESS) return false;
  if (messages.size() == 0 || messages.size() > kFastMessages) return false;
  chat.messages.resize(messages.size() + more);
  size_t i = 0;
  Role expected = Role::kUser;
  any_weight = false;
  for (dom::element element : messages) {
    Message& message = chat.messages[i];
    bool has_weight = false;
    if (!FastMessage(element, message, has_weight)) return false;
    any_weight |= has_weight;
    if (message.role == Role::kSystem) {
      if (i > 0) return false;
    } else {
      if (message.role != expected) return false;
      expected = message.role == Role::kUser ? Role::kAssistant : Role::kUser;
    }
    ++i;
  }
  return true;
}

bool FastChat(dom::object object, DataRow& row) {
  bool any_weight = false;
  if (!FastMessages(object, 0, row.chat, any_weight)) return false;
  row.rejected.clear();
  bool trains = false;
  for (const Message& m : row.chat.messages) trains |= m.role == Role::kAssistant && m.trained;
  return trains && row.chat.messages.back().role == Role::kAssistant;
}

bool FastOutput(dom::object object, std::string_view key, Message& message) {
  dom::array list;
  bool has_weight = false;
  return object[key].get(list) == simdjson::SUCCESS && list.size() == 1 &&
         FastMessage(list.at(0), message, has_weight) && !has_weight &&
         message.role == Role::kAssistant;
}

bool FastPreference(dom::object object, DataRow& row) {
  dom::object input;
  bool any_weight = false;
  if (object.size() != 3 || object["input"].get(input) != simdjson::SUCCESS ||
      !FastMessages(input, 1, row.chat, any_weight) || any_weight)
    return false;
  std::vector<Message>& messages = row.chat.messages;
  if (messages[messages.size() - 2].role != Role::kUser) return false;
  for (Message& message : messages) message.trained = message.role != Role::kAssistant;
  Message rejected;
  if (!FastOutput(object, "preferred_output", messages.back()) ||
      !FastOutput(object, "non_preferred_output", rejected))
    return false;
  row.rejected = std::move(rejected.content);
  return row.rejected != messages.back().content;
}

}  // namespace

bool ReadFastRow(dom::element element, DataRow& row) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return false;
  return object.size() == 1 ? FastChat(object, row) : FastPreference(object, row);
}

}  // namespace tuneward
