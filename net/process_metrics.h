// The process's own figures in the names that Prometheus's client libraries use:
// process_resident_memory_bytes, process_start_time_seconds and their kin, read from /proc/self
// when /metrics is asked; and which build this is.
#pragma once

#include <mutex>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace tuneward {

class ProcessMetrics {
 public:
  // The registry must outlive it.
  ProcessMetrics(prometheus::Registry& registry, const std::string& version);
  void Refresh();  // thread-safe

 private:
  std::mutex mutex_;
  prometheus::Gauge& resident_;
  prometheus::Gauge& virtual_;
  prometheus::Gauge& start_;
  prometheus::Counter& cpu_;
  prometheus::Gauge& open_fds_;
  prometheus::Gauge& max_fds_;
};

}  // namespace tuneward
