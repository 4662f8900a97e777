#include "net/process_metrics.h"

#include <gtest/gtest.h>

#include <chrono>

#include "net/metrics.h"

namespace tuneward {
namespace {

double Value(const prometheus::Registry& registry, const std::string& name) {
  const std::string text = "\n" + MetricsText(registry);
  const size_t at = text.find("\n" + name + " ");
  EXPECT_NE(at, std::string::npos) << name << text;
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST(ProcessMetricsTest, ReadsThisProcess) {
  prometheus::Registry registry;
  ProcessMetrics metrics(registry, "1.2.3");
  metrics.Refresh();
  EXPECT_GT(Value(registry, "process_resident_memory_bytes"), 1e6);
  EXPECT_GE(Value(registry, "process_virtual_memory_bytes"),
            Value(registry, "process_resident_memory_bytes"));
  EXPECT_GE(Value(registry, "process_open_fds"), 3);
  EXPECT_GT(Value(registry, "process_max_fds"), Value(registry, "process_open_fds"));
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(Value(registry, "process_start_time_seconds"), now, 300);
}

TEST(ProcessMetricsTest, CountsTheTimeItUses) {
  prometheus::Registry registry;
  ProcessMetrics metrics(registry, "1.2.3");
  metrics.Refresh();
  const double before = Value(registry, "process_cpu_seconds_total");
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  while (std::chrono::steady_clock::now() < until) {  // ticks are of 10 ms
  }
  metrics.Refresh();
  EXPECT_GT(Value(registry, "process_cpu_seconds_total"), before);
}

}  // namespace
}  // namespace tuneward
