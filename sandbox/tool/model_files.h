// The sandbox's models as folders: which there are, and the hash that names one's content.
#pragma once

#include <string>
#include <vector>

#include "core/base/status.h"

namespace tuneward {

// Names of the folders under `folder` that hold a config.json, sorted. NOT_FOUND without any.
absl::StatusOr<std::vector<std::string>> ModelsUnder(const std::string& folder);

// Hex, of what a model computes with: names and hashes of its files but the recipe.
absl::StatusOr<std::string> ModelSha(const std::string& folder);

}  // namespace tuneward
