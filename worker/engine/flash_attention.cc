#include "worker/engine/flash_attention.h"

#include <tuple>

namespace tuneward {

using at::Tensor;

bool UsesFlashAttention(const Tensor& qkv_TC, const AttentionPlan& plan) {
  return qkv_TC.is_cuda() && qkv_TC.scalar_type() == at::kBFloat16 && plan.head_dim % 8 == 0 &&
         plan.head_dim <= 256 && plan.scores.soft_cap == 0;
}

Tensor FlashAttention(const Tensor& turned_TC, const AttentionPlan& plan) {
  const int64_t t = turned_TC.size(0), e = plan.head_dim;
  const int64_t q_width = plan.heads * e, kv_width = plan.kv_heads * e;
  // Split at once: the way back writes the three gradients into one tensor, each once.
  const auto parts = turned_TC.split_with_sizes({q_width, kv_width, kv_width}, 1);
  const int64_t longest = plan.buckets.front().length;
  // A window counts the query's own place, the kernel the keys to its left. `is_causal` is for no
  // window: with none to the right a window is causal by itself.
  const bool window = plan.scores.window > 0;
  const auto out = at::_flash_attention_forward(
      parts[0].view({t, plan.heads, e}), parts[1].view({t, plan.kv_heads, e}),
      parts[2].view({t, plan.kv_heads, e}), plan.cu_seqlens_B1, plan.cu_seqlens_B1, longest,
      longest, /*dropout_p=*/0.0, /*is_causal=*/!window, /*return_debug_mask=*/false,
      plan.scores.scale(), window ? plan.scores.window - 1 : -1,
      /*window_size_right=*/0);
  return std::get<0>(out).reshape({t, q_width});
}

}  // namespace tuneward
