// Logs are JSON lines on stderr: time, level, message and named fields (job, task, trace). Values
// are strings; secrets are never passed in. Thread-safe.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace tuneward {

using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

void InitLog(std::string_view process, std::string_view level = "info");  // once, in main
void LogDebug(std::string_view message, LogFields fields = {});
void LogInfo(std::string_view message, LogFields fields = {});
void LogWarning(std::string_view message, LogFields fields = {});
void LogError(std::string_view message, LogFields fields = {});

}  // namespace tuneward
