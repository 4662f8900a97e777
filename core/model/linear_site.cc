#include "core/model/linear_site.h"

#include "absl/strings/str_cat.h"

namespace tuneward {

std::array<LinearSite, 7> LinearSites(const ModelConfig& c) {
  const int64_t q = c.q_width(), kv = c.kv_width(), d = c.hidden, f = c.intermediate;
  return {{{"q_proj", "self_attn", kQkv, 0, q, d},
           {"k_proj", "self_attn", kQkv, q, kv, d},
           {"v_proj", "self_attn", kQkv, q + kv, kv, d},
           {"o_proj", "self_attn", kOut, 0, d, q},
           {"gate_proj", "mlp", kGateUp, 0, f, d},
           {"up_proj", "mlp", kGateUp, f, f, d},
           {"down_proj", "mlp", kDown, 0, d, f}}};
}

bool HasBias(const ModelConfig& config, Group group) { return group == kQkv && config.qkv_bias; }

std::string ModuleName(int64_t layer, const LinearSite& site) {
  return absl::StrCat("model.layers.", layer, ".", site.block, ".", site.name);
}

std::string PeftName(int64_t layer, const LinearSite& site, const char* part) {
  return absl::StrCat("base_model.model.", ModuleName(layer, site), ".lora_", part, ".weight");
}

}  // namespace tuneward
