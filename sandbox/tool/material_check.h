// What can be known of an operator's grid before its first training: every cell has its rows, and
// each row and prompt fits the base. Loads a tokenizer, no weights and no torch.
#pragma once

#include <string>

#include "core/base/status.h"
#include "sandbox/experiment/grid.h"
#include "sandbox/experiment/material.h"
#include "sandbox/experiment/settings.h"

namespace tuneward {

// `models_folder` holds the folder of each model of the grid. INVALID_ARGUMENT names the family,
// the strategy and the row, or the prompt's id, with its tokens and the base's context; other
// errors are those of the material, the base's config and its tokenizer.
absl::Status CheckMaterial(const ExperimentMaterial& material, const GridSpec& grid,
                           const ExperimentSettings& settings, const std::string& models_folder);

}  // namespace tuneward
