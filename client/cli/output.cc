#include "client/cli/output.h"

#include <ctime>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "client/cli/table.h"
#include "net/grpc_status.h"

namespace tuneward::cli {
namespace {

namespace pb = google::protobuf;

// protobuf prints bytes in base64; every `bytes` field of the public API is a hash, and hashes are
// hex in JSON (D1). Walks message and JSON together; maps and google.protobuf types have a JSON of
// another shape and hold no hashes.
void HashesToHex(const pb::Message& message, Json& json) {
  const pb::Descriptor& type = *message.GetDescriptor();
  const pb::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    if (field.is_map() || !json.contains(std::string(field.name()))) continue;
    Json& value = json[std::string(field.name())];
    if (field.type() == pb::FieldDescriptor::TYPE_BYTES && !field.is_repeated()) {
      value = HexOf(reflection.GetString(message, &field));
    } else if (field.type() == pb::FieldDescriptor::TYPE_MESSAGE) {
      if (field.message_type()->file()->package() == "google.protobuf") continue;
      if (!field.is_repeated()) {
        HashesToHex(reflection.GetMessage(message, &field), value);
        continue;
      }
      for (int k = 0; k < reflection.FieldSize(message, &field); ++k) {
        HashesToHex(reflection.GetRepeatedMessage(message, &field, k),
                    value[static_cast<size_t>(k)]);
      }
    }
  }
}

std::string EnumWord(const std::string& name, size_t prefix) {
  return name.size() <= prefix ? name : absl::AsciiStrToLower(name.substr(prefix));
}

bool IsServersFault(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss || code == absl::StatusCode::kUnavailable;
}

Json ErrorJson(const absl::Status& status, const ErrorInfo& info) {
  Json violations = Json::array();
  for (const FieldViolation& violation : info.violations) {
    violations.push_back({{"field", violation.field}, {"description", violation.description}});
  }
  Json error = {{"code", absl::StatusCodeToString(status.code())},
                {"reason", info.reason},
                {"message", std::string(status.message())},
                {"metadata", info.metadata},
                {"violations", violations}};
  if (info.retry_after_ms > 0) error["retry_after_ms"] = info.retry_after_ms;
  if (const std::string trace_id = TraceIdOfError(status); !trace_id.empty())
    error["trace_id"] = trace_id;
  return {{"error", error}};
}

// Details are for programs (--json); people need not read a long one twice. Either may be cut short
// on its way ("...").
bool Says(absl::string_view message, const std::string& value) {
  constexpr size_t kEnough = 40;
  return value.size() >= kEnough && absl::StrContains(message, value.substr(0, kEnough));
}

}  // namespace

Json ToJson(const pb::Message& message) {
  pb::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  TW_CHECK(pb::util::MessageToJsonString(message, &text, options).ok());
  Json json = Json::parse(text);
  HashesToHex(message, json);
  return json;
}

std::string JsonText(const pb::Message& message) {
  return ToJson(message).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string JsonLine(const pb::Message& message) {
  return ToJson(message).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string TimeText(const pb::Timestamp& time, bool is_set) {
  if (!is_set) return "-";
  const std::time_t seconds = time.seconds();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

std::string StateWord(v1::JobState state) {
  return EnumWord(v1::JobState_Name(state), sizeof("JOB_STATE_") - 1);
}
std::string StageWord(v1::JobStage stage) {
  if (stage == v1::JOB_STAGE_UNSPECIFIED) return "";
  return EnumWord(v1::JobStage_Name(stage), sizeof("JOB_STAGE_") - 1);
}
std::string ReleaseWord(v1::Release release) {
  return EnumWord(v1::Release_Name(release), sizeof("RELEASE_") - 1);
}
std::string HexOf(const std::string& raw) { return absl::BytesToHexString(raw); }

void PrintError(std::ostream& err, const absl::Status& status, const ErrorStyle& style) {
  const ErrorInfo info = GetErrorInfo(status);
  if (style.json) {
    err << ErrorJson(status, info).dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    return;
  }
  const std::string reason =
      info.reason.empty() ? absl::StatusCodeToString(status.code()) : info.reason;
  err << "error: " << reason << ": " << TerminalSafe(std::string(status.message())) << '\n';
  for (const FieldViolation& violation : info.violations) {
    err << "  " << TerminalSafe(violation.field) << ": " << TerminalSafe(violation.description)
        << '\n';
  }
  for (const auto& [name, value] : info.metadata) {
    if (Says(status.message(), value)) continue;
    err << "  " << TerminalSafe(name) << " = " << TerminalSafe(value) << '\n';
  }
  if (info.retry_after_ms > 0) {
    err << fmt::format("  try again after {:.1f} s\n",
                       static_cast<double>(info.retry_after_ms) / 1000);
  }
  const std::string trace_id = TraceIdOfError(status);
  if (!trace_id.empty() && (style.verbose || IsServersFault(status.code()))) {
    err << "  trace id " << TerminalSafe(trace_id) << '\n';
  }
}

}  // namespace tuneward::cli
