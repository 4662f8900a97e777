// The shape of a model, read from a Hugging Face config.json: what its family (Llama, Mistral,
// Gemma 2 and 3 text, Qwen 2 and 3) computes, as a list of features that the decoder branches on.
// The file is treated as hostile: every number has a range, and what the engine does not compute is
// refused by key and value. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/model/rope_config.h"

namespace tuneward {

enum class Activation { kSilu, kGeluTanh };

struct ModelConfig {
  std::string family = "llama";  // model_type
  int64_t layers = 0, hidden = 0, heads = 0, kv_heads = 0, head_dim = 0;
  int64_t intermediate = 0, vocab = 0, context = 0;
  bool tied_embeddings = false;
  double embed_scale = 1;  // rounded to the weights' type before use

  double rms_eps = 1e-5, norm_offset = 0;  // RMSNorm multiplies with norm_offset + w
  bool branch_norms = false;  // what attention and MLP give is normed before it is added

  RopeConfig rope, sliding_rope;           // the second for layers with a window
  bool qkv_bias = false, qk_norm = false;  // qk_norm: RMSNorm over each head of q and k
  double query_scalar = 0;                 // scores are divided by its square root; 0: head_dim
  double attention_soft_cap = 0;           // s = cap tanh(s / cap); 0: none
  double logit_soft_cap = 0;               // the same for the output
  int64_t window = 0;                      // keys that a sliding layer sees, its own included
  std::vector<bool> sliding;               // by layer; empty: none
  Activation activation = Activation::kSilu;

  int64_t q_width() const { return heads * head_dim; }
  int64_t kv_width() const { return kv_heads * head_dim; }
  bool IsSliding(int64_t layer) const {
    return !sliding.empty() && sliding[static_cast<size_t>(layer)];
  }
  int64_t WindowOf(int64_t layer) const { return IsSliding(layer) ? window : 0; }  // 0: all
  double QueryScalar() const {
    return query_scalar > 0 ? query_scalar : static_cast<double>(head_dim);
  }
};

// INVALID_ARGUMENT that names the key, the value and what would be right.
absl::StatusOr<ModelConfig> ParseModelConfig(std::string_view json);

// The same config.json with `torch_dtype` set ("float32" or "bfloat16"), indented, keys sorted.
absl::StatusOr<std::string> ConfigWithDtype(std::string_view json, std::string_view dtype);

}  // namespace tuneward
