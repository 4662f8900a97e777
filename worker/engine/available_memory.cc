#include "worker/engine/available_memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Device.h>
#include <c10/util/Exception.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>

namespace tuneward {
namespace {

constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

// The number that follows `key` in a file of lines "key value"; an empty key: the file's first.
std::optional<int64_t> ReadNumber(const std::string& path, const std::string& key = "") {
  std::ifstream in(path);
  std::string word;
  if (!key.empty())
    while (in >> word && word != key) {
    }
  int64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

int64_t LeftOfAddressSpace() {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnlimited;
  const std::optional<int64_t> used_kb = ReadNumber("/proc/self/status", "VmSize:");
  return static_cast<int64_t>(limit.rlim_cur) - used_kb.value_or(0) * 1024;
}

int64_t LeftOfGroup(const std::string& folder, const char* limit, const char* used,
                    const char* droppable) {
  const auto most = ReadNumber(folder + limit), now = ReadNumber(folder + used);
  if (!most || !now || *most > kUnlimited / 2) return kUnlimited;  // "max", or no such file
  return *most - *now + ReadNumber(folder + "/memory.stat", droppable).value_or(0);
}

// Every group this process is in, from its own up to the root.
int64_t LeftOfGroups() {
  int64_t left = kUnlimited;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    std::istringstream parts(line);
    std::string id, controllers, path;
    std::getline(parts, id, ':');
    std::getline(parts, controllers, ':');
    std::getline(parts, path);
    const bool v2 = controllers.empty();
    if (!v2 && controllers != "memory") continue;
    const std::string root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    for (;; path.resize(path.rfind('/'))) {
      if (path == "/") path.clear();
      left = std::min(
          left, v2 ? LeftOfGroup(root + path, "/memory.max", "/memory.current", "inactive_file")
                   : LeftOfGroup(root + path, "/memory.limit_in_bytes", "/memory.usage_in_bytes",
                                 "total_inactive_file"));
      if (path.find('/') == std::string::npos) break;
    }
  }
  return left;
}

int64_t LeftOfDevice(const c10::Device& place) {
  c10::DeviceAllocator* allocator = c10::getDeviceAllocator(place.type());
  const c10::DeviceIndex index = place.has_index() ? place.index() : c10::DeviceIndex{0};
  const auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  int64_t left = static_cast<int64_t>(allocator->getMemoryInfo(index).first);
  const auto stats = allocator->getDeviceStats(index);
  left += stats.reserved_bytes[all].current - stats.allocated_bytes[all].current;
  return left;
}

}  // namespace

int64_t AvailableMemoryBytes(const std::string& device) {
  try {
    const c10::Device place(device);
    if (!place.is_cpu()) return LeftOfDevice(place);
  } catch (const c10::Error&) {  // an allocator that keeps no such figures
    return kUnlimited;
  }
  const std::optional<int64_t> machine_kb = ReadNumber("/proc/meminfo", "MemAvailable:");
  return std::max<int64_t>(0, std::min({LeftOfAddressSpace(), LeftOfGroups(),
                                        machine_kb ? *machine_kb * 1024 : kUnlimited}));
}

}  // namespace tuneward
