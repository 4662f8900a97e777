// The seven linears of a layer, in every family: their names and how the decoder groups them. Pure,
// no torch.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/model/model_config.h"

namespace tuneward {

enum Group { kQkv, kOut, kGateUp, kDown, kGroups };

struct LinearSite {
  const char* name;   // "q_proj"
  const char* block;  // "self_attn" or "mlp"
  Group group;
  int64_t offset, out, in;  // rows of the group's weight
};
std::array<LinearSite, 7> LinearSites(const ModelConfig& config);
bool HasBias(const ModelConfig& config, Group group);
// "model.layers.3.self_attn.q_proj"
std::string ModuleName(int64_t layer, const LinearSite& site);
// PEFT's name of a LoRA tensor: "base_model.model.<module>.lora_A.weight"; `part` is "A" or "B".
std::string PeftName(int64_t layer, const LinearSite& site, const char* part);

}  // namespace tuneward
