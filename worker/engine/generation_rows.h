// The rows of a generation call: what must hold of them, and one adapter's prompts as rows.
#pragma once

#include <vector>

#include "core/model/model_config.h"
#include "worker/engine/engine.h"

namespace tuneward {

// INVALID_ARGUMENT with the row, the value and what would be right.
absl::Status CheckGenerationRows(const std::vector<GenerationRow>& rows, const ModelConfig& config);

}  // namespace tuneward
