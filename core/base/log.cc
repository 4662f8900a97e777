#include "core/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "core/base/json.h"

namespace tuneward {
namespace {

// The one thread-local of the code base: a line may be written many calls below the place that
// knows the job.
OwnedLogFields& ScopeFields() {
  static thread_local OwnedLogFields fields;
  return fields;
}

void Write(spdlog::level::level_enum level, std::string_view message, LogFields fields) {
  if (!spdlog::should_log(level)) return;
  // The sink's pattern writes the opening brace with ts, level and process.
  spdlog::log(level, "{}", LogLineBody(message, fields));
}

}  // namespace

LogScope::LogScope(LogFields fields) : LogScope(OwnedLogFields(fields.begin(), fields.end())) {}

LogScope::LogScope(const OwnedLogFields& fields) : outer_(ScopeFields().size()) {
  for (const auto& field : fields) {
    if (!field.second.empty()) ScopeFields().push_back(field);
  }
}

LogScope::~LogScope() { ScopeFields().resize(outer_); }

OwnedLogFields CurrentLogFields() { return ScopeFields(); }

std::string LogLineBody(std::string_view message, LogFields fields) {
  Json line = {{"message", message}};
  for (const auto& [key, value] : ScopeFields()) line[key] = value;
  for (const auto& [key, value] : fields) line[std::string(key)] = value;
  return line.dump(-1, ' ', false, Json::error_handler_t::replace).substr(1);
}

void InitLog(std::string_view process, std::string_view level) {
  auto logger = spdlog::stderr_logger_mt(std::string(process));
  logger->set_pattern("{\"ts\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",\"process\":\"%n\",%v",
                      spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(logger);
  spdlog::set_level(spdlog::level::from_str(std::string(level)));
}

void LogDebug(std::string_view message, LogFields fields) {
  Write(spdlog::level::debug, message, fields);
}
void LogInfo(std::string_view message, LogFields fields) {
  Write(spdlog::level::info, message, fields);
}
void LogWarning(std::string_view message, LogFields fields) {
  Write(spdlog::level::warn, message, fields);
}
void LogError(std::string_view message, LogFields fields) {
  Write(spdlog::level::err, message, fields);
}

}  // namespace tuneward
