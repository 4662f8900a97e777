// One line of a training file, in one of two formats: a chat, or a preference (an input and two
// answers to it, the preferred one first). A file holds rows of one format. Plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/data/chat.h"

namespace tuneward {

enum class DataFormat {
  kChat,        // {"messages":[...]}
  kPreference,  // {"input":{"messages":[...]},"preferred_output":[...],"non_preferred_output":[...]}
};

std::string_view DataFormatName(DataFormat format);  // "chat", "preference"

struct DataRow {
  // Of a preference: the input and the preferred answer, which is the last message and the only one
  // that is learnt.
  Chat chat;
  std::string rejected;  // of a preference: the other answer; of a chat: empty
  bool operator==(const DataRow&) const = default;

  DataFormat format() const {
    return rejected.empty() ? DataFormat::kChat : DataFormat::kPreference;
  }
};

// All problems of the line are added to `problems` with paths relative to it
// (`input.messages[2].role`); returns what could be read. `file_format`: that of the rows before,
// if there were any that showed it; a row of the other is a problem. It is set by the first.
DataRow ReadRow(std::string_view line, std::optional<DataFormat>& file_format,
                Violations& problems);

}  // namespace tuneward
