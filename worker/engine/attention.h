// Rotary positions and causal attention over packed rows: each row attends to itself alone, within
// a window and with capped scores where the model has them. On the CPU a fused kernel walks the
// rows, on a GPU flash_attention.h where it can; elsewhere rows of similar length are laid into a
// padded block, where padding stands after a row, so causality hides it. Shapes: T packed tokens, C
// = (H + 2K) * E channels of [q, k, v], H heads, K key-value heads, E head width, R = E / 2.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/ivalue.h>

#include "core/model/model_config.h"
#include "worker/engine/cpu_kernels.h"

namespace tuneward {

struct RopeTable {
  at::Tensor cos_PR, sin_PR;  // fp32, P = context
};
RopeTable MakeRopeTable(const RopeConfig& rope, int64_t head_dim, int64_t context,
                        at::Device device);

// What is done with scores: the same numbers for the kernels and for tensor operations.
struct ScoreRule {
  double query_scalar = 1;  // scores are divided by its square root
  double soft_cap = 0;      // 0: none
  int64_t window = 0;       // 0: none
  double scale() const;     // 1 / sqrt(query_scalar)
  // For the kernels; their scale is taken in fp32 arithmetic and may differ by an ulp.
  cpu::HeadLayout Layout(int64_t heads, int64_t kv_heads, int64_t head_dim) const;
};
ScoreRule ScoreRuleOf(const ModelConfig& config, bool sliding);

// Scores of q [.., H, L, E] and k [.., H, S, E] under `rule`, softmax over the places where `seen`
// (bool, broadcast) is true, times v; differentiable. The plain version of the kernels.
at::Tensor PlainAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                          const at::Tensor& seen, const ScoreRule& rule);

// What attention needs to know of a batch, made once and shared by every layer and by the graph
// (hence the reference count).
struct AttentionPlan : torch::CustomClassHolder {
  struct Bucket {
    int64_t rows = 0, length = 0;
    at::Tensor token_BL;  // the packed token at each place; padding repeats the row's last token
  };
  int64_t heads = 0, kv_heads = 0, head_dim = 0;
  ScoreRule scores;
  std::vector<int64_t> cu_seqlens;
  // Of each row (empty: 0) the first tokens whose results nobody reads: the fused kernel does not
  // write them and takes their gradients as zeros; the others compute them.
  std::vector<int64_t> known_B;
  at::Tensor cu_seqlens_B1;  // the same in int32 on the batch's device
  at::Tensor cos_TR, sin_TR;
  std::vector<Bucket> buckets;  // the longest rows first
  at::Tensor place_T;  // where each packed token stands in the buckets, one after the other
};
using PlanPtr = c10::intrusive_ptr<AttentionPlan>;
PlanPtr PlanAttention(const ModelConfig& config, const RopeTable& rope,
                      const std::vector<int64_t>& cu_seqlens, const at::Tensor& position_T);
// The same batch for layers with a window and their rope.
PlanPtr SlidingPlan(const AttentionPlan& full, const ModelConfig& config, const RopeTable& rope,
                    const at::Tensor& position_T);

// Turns q and k by their positions (Hugging Face's rotate_half convention), in place, no graph.
void RopeInPlace(const at::Tensor& qkv_TC, const at::Tensor& cos_TR, const at::Tensor& sin_TR,
                 int64_t rotated_heads, int64_t head_dim, bool back = false);

// Rope and causal attention. Differentiable in qkv, which is taken over: its values may be turned
// in place, so nobody else may use them afterwards.
struct AttentionOut {
  at::Tensor mixed_TW;   // [T, H * E]
  at::Tensor turned_TC;  // q and k after the rotary turn, v as it was; for the KV cache, no graph
};
AttentionOut RopeAttention(const at::Tensor& qkv_TC, const PlanPtr& plan);

}  // namespace tuneward
