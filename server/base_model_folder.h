// Reads what a base model's folder claims before anything is stored: config.json (Llama), the
// header of model.safetensors and the tokenizer. The header is treated as hostile: sizes, offsets
// and names are checked before use. No torch; weights are not read, except by their sizes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"

namespace tuneward {

struct BaseModelFacts {
  std::string family;      // "llama"
  int64_t context = 0;     // max_position_embeddings
  int64_t parameters = 0;  // elements of all tensors
  int64_t vocab_size = 0;
  Json dims;  // what base_models.dims holds: layers, hidden, heads, kv_heads, intermediate, vocab,
              // tied
  std::vector<std::string> files;  // the folder's files that belong to the model, sorted
};

// INVALID_ARGUMENT INVALID_FIELD with all problems: `folder/config.json`,
// `folder/model.safetensors`, ...
absl::StatusOr<BaseModelFacts> InspectBaseModelFolder(const std::string& folder,
                                                      std::string_view chat_template);

// Exposed for its tests: checks a header against the file's size; adds what is wrong to `problems`
// under `field`.
struct TensorHeader {
  std::string name, dtype;
  std::vector<int64_t> shape;
};
std::vector<TensorHeader> ReadSafetensorsHeader(std::string_view header, int64_t data_bytes,
                                                const std::string& field, Violations& problems);

}  // namespace tuneward
