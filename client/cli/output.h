// What the commands print: messages as JSON (protobuf's mapping with field names as in the protos,
// hashes in hex as everywhere in tuneward's JSON), words for enums and times, errors with every
// violation. Pure but for the streams.
#pragma once

#include <ostream>
#include <string>

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include "core/base/json.h"
#include "core/base/status.h"
#include "tuneward/v1/fine_tuning.pb.h"
#include "tuneward/v1/models.pb.h"

namespace tuneward::cli {

// Every field that is not a message is present, also when it has its default; int64 are strings, as
// in protobuf's mapping.
Json ToJson(const google::protobuf::Message& message);

// ToJson, indented, with a newline.
std::string JsonText(const google::protobuf::Message& message);

// One line.
std::string JsonLine(const google::protobuf::Message& message);

// "2026-01-31 12:00:05", UTC; "-" when the message has none.
std::string TimeText(const google::protobuf::Timestamp& time, bool is_set);

std::string StateWord(v1::JobState state);     // "running"
std::string StageWord(v1::JobStage stage);     // "training"
std::string ReleaseWord(v1::Release release);  // "held"
std::string HexOf(const std::string& raw);

struct ErrorStyle {
  bool json = false;
  bool verbose = false;
};

// "error: MODEL_NOT_RELEASED: ..." and one indented line for each violation and each metadata
// entry. The trace id of the call is in the JSON; in the text when asked for, and where only the
// server's log can say more.
void PrintError(std::ostream& err, const absl::Status& status, const ErrorStyle& style);

}  // namespace tuneward::cli
