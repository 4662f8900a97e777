// A base model's weights, fused as the decoder uses them (q,k,v in one matrix; gate,up in one),
// from and to Hugging Face's names. Fresh weights are normal with std 0.02 from stream
// `init/<tensor>`; norms multiply with 1, biases are 0.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/model/model_config.h"
#include "worker/engine/adapter.h"
#include "worker/engine/tensor_io.h"

namespace tuneward {

// What a family does not have is undefined. Norms are as the file has them: config.norm_offset is
// added where they are used.
struct LayerWeights {
  std::array<at::Tensor, kGroups> linear;  // by Group
  std::array<at::Tensor, kGroups> bias;
  at::Tensor attention_norm_D, mlp_norm_D;                // of what goes in
  at::Tensor attention_branch_norm_D, mlp_branch_norm_D;  // of what comes out
  at::Tensor q_norm_E, k_norm_E;
};

struct Weights {
  at::Tensor embed_VD, norm_D, head_VD;  // head_VD is embed_VD itself when the embeddings are tied
  std::vector<LayerWeights> layers;
  // Every parameter once, in a fixed order.
  std::vector<std::pair<std::string, at::Tensor>> Leaves() const;
};

// From model.safetensors or the shards of an index; errors name file, tensor and value. At its
// peak the load holds the weights and one tensor of the file (weight_source.h).
absl::StatusOr<Weights> LoadWeights(const ModelConfig& config, const std::string& folder,
                                    at::ScalarType dtype, at::Device device);
absl::StatusOr<Weights> WeightsFromTensors(const ModelConfig& config, TensorMap tensors,
                                           at::ScalarType dtype, at::Device device);
Weights FreshWeights(const ModelConfig& config, uint64_t seed, at::ScalarType dtype,
                     at::Device device);
TensorMap WeightsToTensors(const ModelConfig& config, const Weights& weights, at::ScalarType dtype);

}  // namespace tuneward
