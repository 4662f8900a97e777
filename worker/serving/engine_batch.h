// The decode batch over the engine: a loaded base, an adapter a row. Belongs to the models' thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "worker/serving/decode_batch.h"
#include "worker/serving/model_cache.h"

namespace tuneward {

// Loads the base unless it is in the cache, and keeps it while the batch lives. `on_prompts` is
// told of the prompts of each step that had some.
absl::StatusOr<std::unique_ptr<DecodeBatch>> OpenEngineBatch(
    ModelCache& models, const std::string& base_tree,
    std::function<void(const PromptCounts&)> on_prompts = nullptr);

}  // namespace tuneward
