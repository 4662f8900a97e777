#include "bench/engine/turns.h"

#include <time.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>

namespace tuneward::bench {

namespace {

double CpuSeconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double turn_began_cpu = 0;

}  // namespace

bool AwaitTurn() {
  std::string line;
  const bool more = static_cast<bool>(std::getline(std::cin, line));
  turn_began_cpu = CpuSeconds();
  return more;
}

void Answer(int64_t tokens, double seconds) {
  std::printf("{\"tokens\": %" PRId64 ", \"seconds\": %.6f, \"cpu_seconds\": %.6f}\n", tokens,
              seconds, CpuSeconds() - turn_began_cpu);
  std::fflush(stdout);
}

void AnswerPeakMemory(std::optional<int64_t> on_device) {
  std::ifstream status("/proc/self/status");
  int64_t kib = 0;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) kib = std::stoll(line.substr(6));
  std::printf("{\"peak_bytes\": %" PRId64 "}\n", on_device.value_or(kib * 1024));
  std::fflush(stdout);
}

absl::Status TakeTurns(const std::function<absl::StatusOr<Measured>()>& measure) {
  for (bool first = true;; first = false) {
    const absl::StatusOr<Measured> measured = measure();
    if (!measured.ok()) return measured.status();
    if (first)
      AnswerPeakMemory();
    else
      Answer(measured->tokens, measured->seconds);
    if (!AwaitTurn()) break;
  }
  AnswerPeakMemory();
  return absl::OkStatus();
}

}  // namespace tuneward::bench
