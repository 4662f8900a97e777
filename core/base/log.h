// Logs are JSON lines on stderr: ts, level, process, message and named fields (job, task, trace_id,
// project). Values are strings; secrets are never passed in. Thread-safe.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tuneward {

using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;
using OwnedLogFields = std::vector<std::pair<std::string, std::string>>;

void InitLog(std::string_view process, std::string_view level = "info");  // once, in main
void LogDebug(std::string_view message, LogFields fields = {});
void LogInfo(std::string_view message, LogFields fields = {});
void LogWarning(std::string_view message, LogFields fields = {});
void LogError(std::string_view message, LogFields fields = {});

// Fields of every line that this thread writes while the scope lives: what a call or a task is
// about is said once, not at each line. A line's own field of the same name wins, an inner scope's
// over an outer one's; empty values are left out. Made and destroyed by one thread, in the order of
// a stack.
class LogScope {
 public:
  LogScope(LogFields fields);  // LogScope scope{{"job", id}, {"task", task}};
  explicit LogScope(const OwnedLogFields& fields);
  ~LogScope();
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;

 private:
  size_t outer_;  // how many fields there were before
};

// The fields of the scopes of this thread, for a thread that works on its behalf.
OwnedLogFields CurrentLogFields();

// One line as it is written, but for the logger's own part (ts, level, process). For tests of what
// logs hold.
std::string LogLineBody(std::string_view message, LogFields fields);

}  // namespace tuneward
