// Causal attention over packed rows by ATen's variable-length flash kernel, which LibTorch has for
// CUDA alone: rows lie end to end as they are, without the padded blocks of attention.cc.
#pragma once

#include <ATen/ATen.h>

#include "worker/engine/attention.h"

namespace tuneward {

// bf16 on a GPU, heads of at most 256 in steps of 8, scores without a soft cap: what the kernel
// takes.
bool UsesFlashAttention(const at::Tensor& qkv_TC, const AttentionPlan& plan);

// q and k are turned already; differentiable, by ATen's own backward. [T, C] -> [T, H * E]
at::Tensor FlashAttention(const at::Tensor& turned_TC, const AttentionPlan& plan);

}  // namespace tuneward
