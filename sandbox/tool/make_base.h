// Makes the sandbox's models from nothing: tokenizer, base, shallow- and deep-aligned, each a
// Hugging Face folder
// `<size>-<model>` with config.json, model.safetensors (bf16), tokenizer.model and recipe.json
// (seed, steps, hashes). The same build, machine and threads give the same bytes.
#pragma once

#include <string>

#include "core/base/status.h"
#include "sandbox/tool/recipe.h"
#include "worker/engine/engine.h"

namespace tuneward {

absl::Status MakeBase(const Recipe& recipe, const EngineOptions& engine,
                      const std::string& out_folder);

}  // namespace tuneward
