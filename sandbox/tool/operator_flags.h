// The flags of an operator's grid: a base, its engine, and files in place of the sandbox's world.
// Plain wiring.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "sandbox/tool/reproduce.h"

namespace tuneward {

// What --prompts and --precision were given, as typed.
struct OperatorChoice {
  std::vector<std::string> prompts;  // a number, a file, or both
  std::string precision = "float32", device = "cpu";
  std::optional<double> learning_rate;
};

void AddOperatorFlags(CLI::App& command, OperatorChoice& choice, ReproduceOptions& options);

// Fills in what needs a check: INVALID_ARGUMENT names the flag and the value.
absl::Status TakeOperatorChoice(const OperatorChoice& choice, ReproduceOptions& options);

}  // namespace tuneward
