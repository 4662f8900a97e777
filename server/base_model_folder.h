// Reads what a base model's folder claims before anything is stored: config.json, the weights (one
// file or shards) and the tokenizer, with the readers that the engine has, so that what is
// registered can be run. Everything is treated as hostile. No torch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"

namespace tuneward {

struct BaseModelFacts {
  std::string family;   // model_type: "llama", "qwen2", ...
  int64_t context = 0;  // max_position_embeddings
  Json dims;            // what base_models.dims holds: layers, hidden, heads, kv_heads, head_dim,
                        // intermediate, vocab, tied, parameters
  std::vector<std::string> files;  // the folder's files that belong to the model, sorted
};

// INVALID_ARGUMENT INVALID_FIELD with all problems: `folder/config.json.hidden_size`,
// `folder/model.safetensors`, `folder/tokenizer.json`, ... Reads the weights once (NaN, infinity).
absl::StatusOr<BaseModelFacts> InspectBaseModelFolder(const std::string& folder,
                                                      std::string_view chat_template);

}  // namespace tuneward
