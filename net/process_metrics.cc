#include "net/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace tuneward {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;

// Fields of proc(5)'s stat, counted from 1.
constexpr size_t kUserTicks = 14, kSystemTicks = 15, kStartTicks = 22, kVirtualBytes = 23,
                 kResidentPages = 24;

// The fields of /proc/self/stat from number 3 on: the name before them is in brackets and may hold
// anything.
std::vector<double> ReadStat() {
  std::ifstream in("/proc/self/stat");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const size_t bracket = text.rfind(')');
  if (bracket == std::string::npos || bracket + 4 > text.size()) return {};
  std::istringstream fields(text.substr(bracket + 4));  // past ") S"
  return {std::istream_iterator<double>(fields), std::istream_iterator<double>()};
}

double Field(const std::vector<double>& stat, size_t number) {
  const size_t index = number - 4;
  return index < stat.size() ? stat[index] : 0;
}

double BootTime() {
  std::ifstream in("/proc/stat");
  for (std::string word; in >> word;) {
    double seconds = 0;
    if (word == "btime" && in >> seconds) return seconds;
  }
  return 0;
}

double OpenFiles() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error))
    ++count;
  return count;
}

double MaxFiles() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

ProcessMetrics::ProcessMetrics(prometheus::Registry& registry, const std::string& version)
    : resident_(AddGauge(registry, "process_resident_memory_bytes", "Resident memory")),
      virtual_(AddGauge(registry, "process_virtual_memory_bytes", "Virtual memory")),
      start_(AddGauge(registry, "process_start_time_seconds", "Start of the process since 1970")),
      cpu_(BuildCounter()
               .Name("process_cpu_seconds_total")
               .Help("User and system time")
               .Register(registry)
               .Add({})),
      open_fds_(AddGauge(registry, "process_open_fds", "Open file descriptors")),
      max_fds_(AddGauge(registry, "process_max_fds", "Limit of open file descriptors")) {
  BuildGauge()
      .Name("tuneward_build_info")
      .Help("1, with the version of this build")
      .Register(registry)
      .Add({{"version", version}})
      .Set(1);
}

void ProcessMetrics::Refresh() {
  std::lock_guard lock(mutex_);  // the counter moves by a difference
  const std::vector<double> stat = ReadStat();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  resident_.Set(Field(stat, kResidentPages) * static_cast<double>(sysconf(_SC_PAGESIZE)));
  virtual_.Set(Field(stat, kVirtualBytes));
  start_.Set(BootTime() + Field(stat, kStartTicks) / ticks);
  const double used = (Field(stat, kUserTicks) + Field(stat, kSystemTicks)) / ticks;
  if (used > cpu_.Value()) cpu_.Increment(used - cpu_.Value());
  open_fds_.Set(OpenFiles());
  max_fds_.Set(MaxFiles());
}

}  // namespace tuneward
