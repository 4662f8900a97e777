// The flags of `tuneward-sandbox reproduce`. Plain wiring.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "core/base/status.h"
#include "worker/engine/engine.h"

namespace tuneward {

// What a chosen subcommand does: the exit code, or an error (exit code 1).
using Action = std::function<absl::StatusOr<int>()>;

// `command_line`: as typed; the report names it.
void AddReproduce(CLI::App& app, const std::string& command_line, EngineOptions& engine,
                  Action& action);

}  // namespace tuneward
