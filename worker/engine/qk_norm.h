// RMSNorm over each head of q and k, between the projection and the rotary turn (Qwen 3, Gemma 3).
// Shapes: T tokens, C channels of [q, k, v], E head width.
#pragma once

#include <ATen/ATen.h>

#include "core/model/model_config.h"

namespace tuneward {

// qkv with every head of q and k normed and multiplied with its weight, v as it is. Differentiable
// in qkv and in the weights.
at::Tensor QkNorm(const at::Tensor& qkv_TC, const at::Tensor& q_norm_E, const at::Tensor& k_norm_E,
                  const ModelConfig& config);

}  // namespace tuneward
