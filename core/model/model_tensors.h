// The tensors that a model of a given config.json has, by Hugging Face's names: what a folder's
// files must hold, and how many parameters that is. Pure, no torch.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/model/model_config.h"
#include "core/model/model_files.h"

namespace tuneward {

inline constexpr char kEmbeddingName[] = "model.embed_tokens.weight",
                      kFinalNormName[] = "model.norm.weight", kHeadName[] = "lm_head.weight";

// Name -> shape.
std::map<std::string, std::vector<int64_t>> ModelTensors(const ModelConfig& config);
int64_t ParameterCount(const ModelConfig& config);
// Tensors that files of this model may hold beside its own, and that are not read: rotary
// frequencies of old exports, a copy of tied embeddings.
bool IsUnusedTensor(const ModelConfig& config, const std::string& name);

// Every tensor is there with its shape, no other is, and every value is finite, which reads the
// files once. The first problems are added under `field`; each names the file and the tensor.
void CheckModelTensors(const ModelConfig& config, const ModelFiles& files, const std::string& field,
                       Violations& problems);

}  // namespace tuneward
