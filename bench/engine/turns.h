// How a benchmark takes turns with its peer: each line on standard input asks for one measurement,
// each answer is one JSON object on standard output; the end of the input ends the program.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/statusor.h"

namespace tuneward::bench {

// False at the end of the input.
bool AwaitTurn();

// Also says how much CPU time the turn took: on a shared machine that is the steadier figure.
void Answer(int64_t tokens, double seconds);

// Answers with the most memory this process has held (VmHWM), in bytes; for a GPU, with
// `on_device`, what its allocator took there.
void AnswerPeakMemory(std::optional<int64_t> on_device = {});

struct Measured {
  int64_t tokens = 0;
  double seconds = 0;
};
// Measures once to be warm, which answers with the peak memory, then once a turn; the peak memory
// again at the end.
absl::Status TakeTurns(const std::function<absl::StatusOr<Measured>()>& measure);

}  // namespace tuneward::bench
