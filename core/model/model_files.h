// The weights of a Hugging Face model folder as they lie on the disk: one model.safetensors, or the
// shards that model.safetensors.index.json names. Everything is mapped and every header checked;
// no weight is read. The index is treated as hostile: a shard is a plain name in the folder. No
// torch.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/model/safetensors.h"

namespace tuneward {

inline constexpr char kWeightsFile[] = "model.safetensors";
inline constexpr char kShardIndexFile[] = "model.safetensors.index.json";

// Tensor -> shard. INVALID_ARGUMENT that names the key or the tensor, and the value.
absl::StatusOr<std::map<std::string, std::string>> ParseShardIndex(std::string_view json);

struct StoredTensor {
  TensorSpan span;  // borrows `file`
  // Shared: tensors that are used where they lie keep their file mapped after the rest is gone.
  std::shared_ptr<const MappedFile> file;
  std::string path;  // for messages
};
using StoredTensors = std::map<std::string, StoredTensor>;

// INVALID_ARGUMENT with the file, the tensor and the place of the first value that is not finite.
absl::Status CheckFinite(const StoredTensor& stored, const std::string& name);

// One file with its tensors. Errors begin with the path.
absl::StatusOr<StoredTensors> MapTensors(const std::string& path);

struct ModelFiles {
  std::string path;  // the single file or the index, for messages
  StoredTensors tensors;
};

// The folder's weights; as Hugging Face does, model.safetensors goes before an index. Every tensor
// of the index must be in its shard, and every tensor of a shard in the index.
absl::StatusOr<ModelFiles> MapModel(const std::string& folder);

}  // namespace tuneward
