#include "worker/engine/attention.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "worker/engine/cpu_dispatch.h"
#include "worker/engine/cuda_dispatch.h"
#include "worker/engine/flash_attention.h"

namespace tuneward {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// [T, C] -> [B, heads, L, E] for `heads` heads from `first`.
Tensor TakeHeads(const Tensor& block_BLC, int64_t first, int64_t heads, int64_t head_dim) {
  return block_BLC.narrow(2, first * head_dim, heads * head_dim)
      .view({block_BLC.size(0), block_BLC.size(1), heads, head_dim})
      .transpose(1, 2);
}

// Causal, within the window.
Tensor PaddedRows(const Tensor& q, const Tensor& k, const Tensor& v, int64_t length,
                  const ScoreRule& rule) {
  if (rule.soft_cap == 0 && (rule.window == 0 || rule.window >= length))
    return at::scaled_dot_product_attention(q, k, v, {}, 0.0, /*is_causal=*/true, rule.scale());
  Tensor seen = at::ones({length, length}, q.options().dtype(at::kBool)).tril();
  if (rule.window > 0) seen = seen.triu(1 - rule.window);
  return PlainAttention(q, k, v, seen, rule);
}

// The plain version: q, k, v after the rotary turn.
Tensor PaddedAttention(const Tensor& qkv_TC, const AttentionPlan& plan) {
  const int64_t group = plan.heads / plan.kv_heads, e = plan.head_dim;
  std::vector<Tensor> outputs;
  for (const AttentionPlan::Bucket& bucket : plan.buckets) {
    const Tensor block =
        qkv_TC.index_select(0, bucket.token_BL).view({bucket.rows, bucket.length, qkv_TC.size(1)});
    const Tensor q = TakeHeads(block, 0, plan.heads, e);
    const Tensor k = TakeHeads(block, plan.heads, plan.kv_heads, e).repeat_interleave(group, 1);
    const Tensor v =
        TakeHeads(block, plan.heads + plan.kv_heads, plan.kv_heads, e).repeat_interleave(group, 1);
    const Tensor out = PaddedRows(q, k, v, bucket.length, plan.scores);
    outputs.push_back(out.transpose(1, 2).reshape({bucket.rows * bucket.length, plan.heads * e}));
  }
  return at::cat(outputs).index_select(0, plan.place_T);
}

// Calls kernel(first token, length, known, kv head, scratch) for each row and key-value head,
// spread over the threads.
template <typename Kernel>
void ForEachRowAndHead(const AttentionPlan& plan, const cpu::HeadLayout& layout,
                       const Kernel& kernel) {
  const int64_t rows = static_cast<int64_t>(plan.cu_seqlens.size()) - 1;
  at::parallel_for(0, rows * plan.kv_heads, 4, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch;
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t row = unit / plan.kv_heads;
      const int64_t first = plan.cu_seqlens[row], length = plan.cu_seqlens[row + 1] - first;
      const size_t needed = static_cast<size_t>(cpu::AttentionScratch(layout, length));
      if (scratch.size() < needed) scratch.resize(needed);
      const int64_t known = plan.known_B.empty() ? 0 : plan.known_B[row];
      kernel(first, length, known, unit % plan.kv_heads, scratch.data());
    }
  });
}

cpu::HeadLayout Layout(const AttentionPlan& plan) {
  return plan.scores.Layout(plan.heads, plan.kv_heads, plan.head_dim);
}

void SavePlan(AutogradContext* ctx, const PlanPtr& plan) {
  ctx->saved_data["plan"] = c10::IValue::make_capsule(plan);
}

PlanPtr SavedPlan(AutogradContext* ctx) {
  return c10::static_intrusive_pointer_cast<AttentionPlan>(ctx->saved_data["plan"].toCapsule());
}

struct RopeAttentionFn : torch::autograd::Function<RopeAttentionFn> {
  static Tensor forward(AutogradContext* ctx, const Tensor& qkv_TC, const PlanPtr& plan) {
    RopeInPlace(qkv_TC, plan->cos_TR, plan->sin_TR, plan->heads + plan->kv_heads, plan->head_dim);
    const cpu::HeadLayout layout = Layout(*plan);
    const Tensor out = at::empty({qkv_TC.size(0), layout.out_stride()}, qkv_TC.options());
    const Tensor lse = at::empty({qkv_TC.size(0), plan->heads}, qkv_TC.options().dtype(at::kFloat));
    WithValueOf(qkv_TC, [&](auto value) {
      using Value = decltype(value);
      ForEachRowAndHead(
          *plan, layout,
          [&](int64_t first, int64_t length, int64_t known, int64_t head, float* scratch) {
            cpu::Attention(layout, Data<Value>(qkv_TC) + first * layout.qkv_stride(), length, known,
                           head, Data<Value>(out) + first * layout.out_stride(),
                           Data(lse) + first * plan->heads, scratch);
          });
    });
    ctx->save_for_backward({qkv_TC, out, lse});
    SavePlan(ctx, plan);
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor &qkv = saved[0], &out = saved[1], &lse = saved[2];
    const Tensor dout = grads[0].contiguous();
    const PlanPtr plan = SavedPlan(ctx);
    const cpu::HeadLayout layout = Layout(*plan);
    const Tensor dqkv = at::empty_like(qkv);
    WithValueOf(qkv, [&](auto value) {
      using Value = decltype(value);
      ForEachRowAndHead(
          *plan, layout,
          [&](int64_t first, int64_t length, int64_t known, int64_t head, float* scratch) {
            const int64_t at_qkv = first * layout.qkv_stride(),
                          at_out = first * layout.out_stride();
            cpu::AttentionBackward(layout, Data<Value>(qkv) + at_qkv, Data<Value>(out) + at_out,
                                   Data(lse) + first * plan->heads, Data<Value>(dout) + at_out,
                                   length, known, head, Data<Value>(dqkv) + at_qkv, scratch);
          });
    });
    RopeInPlace(dqkv, plan->cos_TR, plan->sin_TR, plan->heads + plan->kv_heads, plan->head_dim,
                /*back=*/true);
    return {dqkv, Tensor()};
  }
};

// The rotary turn alone, for the plain version.
struct RopeFn : torch::autograd::Function<RopeFn> {
  static Tensor forward(AutogradContext* ctx, const Tensor& qkv_TC, const PlanPtr& plan) {
    SavePlan(ctx, plan);
    Tensor turned_TC = qkv_TC.clone();
    RopeInPlace(turned_TC, plan->cos_TR, plan->sin_TR, plan->heads + plan->kv_heads,
                plan->head_dim);
    return turned_TC;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const PlanPtr plan = SavedPlan(ctx);
    const Tensor dqkv = grads[0].clone();
    RopeInPlace(dqkv, plan->cos_TR, plan->sin_TR, plan->heads + plan->kv_heads, plan->head_dim,
                /*back=*/true);
    return {dqkv, Tensor()};
  }
};

}  // namespace

RopeTable MakeRopeTable(const RopeConfig& rope, int64_t head_dim, int64_t context,
                        at::Device device) {
  const int64_t half = head_dim / 2;
  RopeTable table{at::empty({context, half}), at::empty({context, half})};
  float* cos = table.cos_PR.data_ptr<float>();
  float* sin = table.sin_PR.data_ptr<float>();
  const std::vector<double> frequencies = RopeFrequencies(rope, head_dim);
  for (int64_t i = 0; i < half; ++i)
    for (int64_t p = 0; p < context; ++p) {
      const double angle = static_cast<double>(p) * frequencies[i];
      cos[p * half + i] = static_cast<float>(std::cos(angle));
      sin[p * half + i] = static_cast<float>(std::sin(angle));
    }
  return {table.cos_PR.to(device), table.sin_PR.to(device)};
}

double ScoreRule::scale() const { return 1.0 / std::sqrt(query_scalar); }

cpu::HeadLayout ScoreRule::Layout(int64_t heads, int64_t kv_heads, int64_t head_dim) const {
  return {heads,
          kv_heads,
          head_dim,
          1.0f / std::sqrt(static_cast<float>(query_scalar)),
          static_cast<float>(soft_cap),
          window};
}

ScoreRule ScoreRuleOf(const ModelConfig& config, bool sliding) {
  return {config.QueryScalar(), config.attention_soft_cap, sliding ? config.window : 0};
}

Tensor PlainAttention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& seen,
                      const ScoreRule& rule) {
  if (rule.soft_cap == 0)
    return at::scaled_dot_product_attention(q, k, v, seen, 0.0, false, rule.scale());
  Tensor scores = at::matmul(q, k.transpose(-2, -1)).mul(rule.scale() / rule.soft_cap);
  scores = at::tanh(scores).mul(rule.soft_cap);
  scores = scores.masked_fill(seen.logical_not(), -std::numeric_limits<double>::infinity());
  const auto type = q.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return at::matmul(at::softmax(scores, -1, type).to(v.scalar_type()), v);
}

PlanPtr PlanAttention(const ModelConfig& config, const RopeTable& rope,
                      const std::vector<int64_t>& cu_seqlens, const Tensor& position_T) {
  PlanPtr made = c10::make_intrusive<AttentionPlan>();
  AttentionPlan& plan = *made;
  plan.heads = config.heads;
  plan.kv_heads = config.kv_heads;
  plan.head_dim = config.head_dim;
  plan.scores = ScoreRuleOf(config, /*sliding=*/false);
  plan.cu_seqlens = cu_seqlens;
  plan.cu_seqlens_B1 = at::tensor(cu_seqlens, at::kInt).to(position_T.device());
  plan.cos_TR = rope.cos_PR.index_select(0, position_T);
  plan.sin_TR = rope.sin_PR.index_select(0, position_T);
  const int64_t rows = static_cast<int64_t>(cu_seqlens.size()) - 1;
  const auto length = [&](int64_t row) { return cu_seqlens[row + 1] - cu_seqlens[row]; };
  std::vector<int64_t> order(rows), place(cu_seqlens.back());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return length(a) > length(b); });
  int64_t base = 0;
  for (size_t begin = 0; begin < order.size();) {
    const int64_t longest = length(order[begin]);
    size_t end = begin;
    while (end < order.size() && 4 * length(order[end]) >= 3 * longest) ++end;
    std::vector<int64_t> tokens;
    for (size_t i = begin; i < end; ++i)
      for (int64_t j = 0; j < longest; ++j) {
        const int64_t token = cu_seqlens[order[i]] + std::min(j, length(order[i]) - 1);
        if (j < length(order[i])) place[token] = base + static_cast<int64_t>(tokens.size());
        tokens.push_back(token);
      }
    base += static_cast<int64_t>(tokens.size());
    plan.buckets.push_back({static_cast<int64_t>(end - begin), longest,
                            at::tensor(tokens, at::kLong).to(position_T.device())});
    begin = end;
  }
  plan.place_T = at::tensor(place, at::kLong).to(position_T.device());
  return made;
}

PlanPtr SlidingPlan(const AttentionPlan& full, const ModelConfig& config, const RopeTable& rope,
                    const Tensor& position_T) {
  PlanPtr made = c10::make_intrusive<AttentionPlan>();
  AttentionPlan& plan = *made;
  plan.heads = full.heads;
  plan.kv_heads = full.kv_heads;
  plan.head_dim = full.head_dim;
  plan.scores = ScoreRuleOf(config, /*sliding=*/true);
  plan.cu_seqlens = full.cu_seqlens;
  plan.known_B = full.known_B;
  plan.cu_seqlens_B1 = full.cu_seqlens_B1;
  plan.cos_TR = rope.cos_PR.index_select(0, position_T);
  plan.sin_TR = rope.sin_PR.index_select(0, position_T);
  plan.buckets = full.buckets;
  plan.place_T = full.place_T;
  return made;
}

void RopeInPlace(const Tensor& qkv_TC, const Tensor& cos_TR, const Tensor& sin_TR,
                 int64_t rotated_heads, int64_t head_dim, bool back) {
  const at::NoGradGuard no_grad;
  const int64_t t = qkv_TC.size(0), half = head_dim / 2;
  if (UsesCpuKernels(qkv_TC)) {
    WithValueOf(qkv_TC, [&](auto value) {
      at::parallel_for(0, t, 256, [&](int64_t begin, int64_t end) {
        cpu::Rope(Data<decltype(value)>(qkv_TC), qkv_TC.size(1), rotated_heads, head_dim,
                  Data(cos_TR), Data(sin_TR), back, begin, end);
      });
    });
    return;
  }
  if constexpr (kCudaKernels)
    if (UsesCudaKernels(qkv_TC)) {
      cuda::Rope(qkv_TC, cos_TR, sin_TR, rotated_heads, head_dim, back);
      return;
    }
  const Tensor x =
      qkv_TC.detach().narrow(1, 0, rotated_heads * head_dim).view({t, rotated_heads, 2, half});
  const Tensor cos = cos_TR.unsqueeze(1);
  const Tensor sin = back ? sin_TR.unsqueeze(1).neg() : sin_TR.unsqueeze(1);
  const Tensor first = x.select(2, 0), second = x.select(2, 1);
  const Tensor turned = first * cos - second * sin;
  second.copy_(second * cos + first * sin);
  first.copy_(turned);
}

AttentionOut RopeAttention(const Tensor& qkv_TC, const PlanPtr& plan) {
  if (UsesCpuKernels(qkv_TC) && plan->head_dim % 8 == 0) {
    const Tensor mixed_TW = RopeAttentionFn::apply(qkv_TC, plan);
    return {mixed_TW, qkv_TC.detach()};
  }
  const Tensor turned_TC = RopeFn::apply(qkv_TC, plan);
  return {UsesFlashAttention(turned_TC, *plan) ? FlashAttention(turned_TC, *plan)
                                               : PaddedAttention(turned_TC, *plan),
          turned_TC.detach()};
}

}  // namespace tuneward
