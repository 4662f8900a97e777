#include "core/data/data_row.h"

#include "absl/strings/str_cat.h"
#include "core/data/chat_reader.h"

namespace tuneward {
namespace {

constexpr char kInput[] = "input", kPreferred[] = "preferred_output",
               kNonPreferred[] = "non_preferred_output";

// The list of exactly one answer at `key`; its text.
std::string ReadOutput(const Json& row, const char* key, Violations& problems) {
  const auto list = row.find(key);
  if (list == row.end()) {
    problems.Add(key, "is missing: must be a list of one assistant message");
    return "";
  }
  if (!list->is_array() || list->size() != 1) {
    problems.Add(key, absl::StrCat("must be a list of one assistant message, got ",
                                   list->is_array() ? absl::StrCat(list->size(), " messages")
                                                    : ShownJson(*list)));
    return "";
  }
  Message message;
  const std::string path = absl::StrCat(key, "[0]");
  if (ReadMessage(list->front(), path, Weights::kRefused, message, problems) &&
      message.role != Role::kAssistant)
    problems.Add(path + ".role", absl::StrCat("must be assistant, got \"",
                                              std::string(RoleName(message.role)), "\""));
  return message.content;
}

void ReadInput(const Json& row, Chat& chat, Violations& problems) {
  const auto input = row.find(kInput);
  if (input == row.end()) {
    problems.Add(kInput, "is missing: must be an object {\"messages\":[...]}");
    return;
  }
  if (!input->is_object()) {
    problems.Add(kInput,
                 absl::StrCat("must be an object {\"messages\":[...]}, got ", ShownJson(*input)));
    return;
  }
  RefuseUnknownKeys(*input, kInput, {"messages"}, "unknown key: an input has messages only",
                    problems);
  const std::string path = PathOf(kInput, "messages");
  const auto messages = input->find("messages");
  if (messages == input->end()) {
    problems.Add(path, "is missing");
  } else if (ReadMessages(*messages, path, Weights::kRefused, chat.messages, problems) &&
             chat.messages.back().role != Role::kUser) {
    problems.Add(absl::StrCat(path, "[", chat.messages.size() - 1, "].role"),
                 "the last input message must be the user's: the two outputs answer it");
  }
  for (Message& message : chat.messages) message.trained = message.role != Role::kAssistant;
}

DataRow ReadPreference(const Json& json, Violations& problems) {
  DataRow row;
  RefuseUnknownKeys(json, "", {kInput, kPreferred, kNonPreferred},
                    "unknown key: a preference row has input, preferred_output and "
                    "non_preferred_output",
                    problems);
  ReadInput(json, row.chat, problems);
  std::string preferred = ReadOutput(json, kPreferred, problems);
  row.rejected = ReadOutput(json, kNonPreferred, problems);
  if (!preferred.empty() && preferred == row.rejected)
    problems.Add(absl::StrCat(kNonPreferred, "[0].content"),
                 "is the preferred answer word for word: there is nothing to prefer");
  row.chat.messages.push_back({Role::kAssistant, std::move(preferred)});
  return row;
}

// What a row's keys say that it is; nothing when they do not.
std::optional<DataFormat> FormatOf(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  for (const char* key :
       {kInput, kPreferred, kNonPreferred, "preferred_completion", "non_preferred_completion"})
    if (json.contains(key)) return DataFormat::kPreference;
  if (json.contains("messages")) return DataFormat::kChat;
  return std::nullopt;
}

}  // namespace

std::string_view DataFormatName(DataFormat format) {
  return format == DataFormat::kChat ? "chat" : "preference";
}

DataRow ReadRow(std::string_view line, std::optional<DataFormat>& file_format,
                Violations& problems) {
  const absl::StatusOr<Json> json = ParseJson(line);
  if (!json.ok()) {
    problems.Add("", absl::StrCat("not valid JSON: ", std::string(json.status().message())));
    return {};
  }
  const std::optional<DataFormat> shown = FormatOf(*json);
  if (shown && file_format && *shown != *file_format) {
    problems.Add("", absl::StrCat("is a ", std::string(DataFormatName(*shown)), " row among ",
                                  std::string(DataFormatName(*file_format)),
                                  " rows: a file has rows of one format"));
    return {};
  }
  if (shown) file_format = shown;
  if (json->is_object() && file_format == DataFormat::kPreference)
    return ReadPreference(*json, problems);
  return {ReadChatJson(*json, problems), ""};
}

}  // namespace tuneward
