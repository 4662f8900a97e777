// The norms of a layer: which a family has, their names in a file and their widths. Pure, no torch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/model_config.h"

namespace tuneward {

// What is normed: what goes into attention and the MLP, what comes out of them, each head of q and
// k.
enum class NormPlace { kAttention, kMlp, kAttentionBranch, kMlpBranch, kQuery, kKey };

struct NormSite {
  const char* name;  // "input_layernorm"
  NormPlace place;
  int64_t width;
};
// Where branches are normed too, Hugging Face's post_attention_layernorm is the norm of what
// attention gives; elsewhere it is that of what the MLP gets.
std::vector<NormSite> NormSites(const ModelConfig& config);
// "model.layers.3.input_layernorm.weight"
std::string NormName(int64_t layer, const NormSite& site);

}  // namespace tuneward
