// PEFT's adapter_config.json, read as hostile and written. What changes an adapter's numbers and is
// not computed here (DoRA, biases, per-layer ranks, initialisations that alter the base, ...) is
// refused by its key; a key of a later PEFT passes only while it is off. Pure, no torch.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/model/model_config.h"
#include "worker/engine/engine.h"

namespace tuneward {

struct AdapterConfig {
  LoraSpec spec;  // targets empty: ResolveTargets finds them
  // target_modules: names ("q_proj"), ends of names ("self_attn.q_proj") or whole ones
  // ("model.layers.0.self_attn.q_proj", as "all-linear" is stored). Empty when PEFT chose by a
  // pattern or with exclude_modules: then the tensors say what it chose.
  std::set<std::string> modules;
};

// INVALID_ARGUMENT with every problem; each names the key, the value and what would be right.
absl::StatusOr<AdapterConfig> ParseAdapterConfig(std::string_view json);

// The linears that `config` adapts, by PEFT's rule: an entry names a module or its end at a dot.
// They must be the same in each layer. `tensors` holds the names in the adapter's file.
absl::StatusOr<LoraSpec> ResolveTargets(const AdapterConfig& config, const ModelConfig& model,
                                        const std::set<std::string>& tensors);

std::string AdapterConfigJson(const LoraSpec& spec);

absl::Status CheckLoraSpec(const LoraSpec& spec);

// What B A x is multiplied with: alpha / rank, rsLoRA alpha / sqrt(rank).
double LoraScale(const LoraSpec& spec);

}  // namespace tuneward
