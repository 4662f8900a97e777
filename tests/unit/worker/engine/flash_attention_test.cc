// What is handed to ATen's flash kernel, which LibTorch has for CUDA alone: a stand-in for the CPU
// is registered here, which does what the operator's arguments say, in tensor operations. Boxed, so
// that arguments are found by name in every LibTorch.
#include "worker/engine/flash_attention.h"

#include <gtest/gtest.h>

#include <torch/csrc/autograd/autograd.h>
#include <torch/library.h>

#include <cmath>
#include <limits>

namespace tuneward {
namespace {

using at::Tensor;

class Arguments {
 public:
  Arguments(const c10::OperatorHandle& op, const torch::jit::Stack& stack)
      : schema_(op.schema()), first_(stack.end() - schema_.arguments().size()) {}
  const c10::IValue& operator[](const char* name) const {
    return *(first_ + schema_.argumentIndexWithName(name).value());
  }

 private:
  const c10::FunctionSchema& schema_;
  torch::jit::Stack::const_iterator first_;
};

// Softmax over the keys that each query of a row sees, [H, L, L].
Tensor Weights(const Arguments& in, const Tensor& q_HLE, const Tensor& k_HLE) {
  const int64_t length = q_HLE.size(1);
  const Tensor i = at::arange(length).unsqueeze(1), j = at::arange(length);
  const int64_t left = in["window_size_left"].toInt();
  const int64_t right = in["is_causal"].toBool() ? 0 : in["window_size_right"].toInt();
  Tensor hidden = at::zeros({length, length}, at::kBool);
  if (left >= 0) hidden = hidden.logical_or(j < i - left);
  if (right >= 0) hidden = hidden.logical_or(j > i + right);
  const Tensor scores = at::matmul(q_HLE, k_HLE.transpose(1, 2)) * in["scale"].toDouble();
  return at::softmax(scores.masked_fill(hidden, -std::numeric_limits<double>::infinity()), 2);
}

// Calls row(first token, length) for each row; both sides must be cut alike.
template <typename Row>
void ForEachRow(const Arguments& in, const Row& row) {
  const Tensor cut = in["cum_seq_q"].toTensor();
  ASSERT_EQ(cut.scalar_type(), at::kInt);
  ASSERT_TRUE(cut.equal(in["cum_seq_k"].toTensor()));
  int64_t longest = 0;
  for (int64_t r = 0; r + 1 < cut.size(0); ++r) {
    const int64_t first = cut[r].item<int32_t>(), length = cut[r + 1].item<int32_t>() - first;
    longest = std::max(longest, length);
    row(first, length);
  }
  EXPECT_EQ(in["max_q"].toInt(), longest);
  EXPECT_EQ(in["max_k"].toInt(), longest);
  EXPECT_EQ(in["dropout_p"].toDouble(), 0);
}

// [heads, L, E] of a row; keys and values are repeated for their group of queries.
Tensor RowOf(const Tensor& x_THE, int64_t first, int64_t length, int64_t group = 1) {
  return x_THE.narrow(0, first, length).transpose(0, 1).repeat_interleave(group, 0);
}
void AddToRow(const Tensor& x_THE, int64_t first, const Tensor& part_HLE, int64_t group = 1) {
  const auto shape = part_HLE.sizes();
  x_THE.narrow(0, first, shape[1])
      .add_(part_HLE.view({shape[0] / group, group, shape[1], shape[2]}).sum(1).transpose(0, 1));
}

void Forward(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const Arguments in(op, *stack);
  const Tensor q = in["query"].toTensor(), k = in["key"].toTensor(), v = in["value"].toTensor();
  const int64_t group = q.size(1) / k.size(1);
  const Tensor out = at::zeros_like(q);
  ForEachRow(in, [&](int64_t first, int64_t length) {
    const Tensor p = Weights(in, RowOf(q, first, length), RowOf(k, first, length, group));
    AddToRow(out, first, at::matmul(p, RowOf(v, first, length, group)));
  });
  torch::jit::drop(*stack, op.schema().arguments().size());
  const Tensor none = at::empty({0});
  torch::jit::push(*stack, out, none, none, none, none);
}

void Backward(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const Arguments in(op, *stack);
  const Tensor q = in["query"].toTensor(), k = in["key"].toTensor(), v = in["value"].toTensor();
  const Tensor dout = in["grad_out"].toTensor();
  const int64_t group = q.size(1) / k.size(1);
  const Tensor dq = at::zeros_like(q), dk = at::zeros_like(k), dv = at::zeros_like(v);
  ForEachRow(in, [&](int64_t first, int64_t length) {
    const Tensor rq = RowOf(q, first, length), rk = RowOf(k, first, length, group);
    const Tensor d = RowOf(dout, first, length), p = Weights(in, rq, rk);
    const Tensor dp = at::matmul(d, RowOf(v, first, length, group).transpose(1, 2));
    const Tensor ds = p * (dp - (dp * p).sum(2, /*keepdim=*/true)) * in["scale"].toDouble();
    AddToRow(dq, first, at::matmul(ds, rk));
    AddToRow(dk, first, at::matmul(ds.transpose(1, 2), rq), group);
    AddToRow(dv, first, at::matmul(p.transpose(1, 2), d), group);
  });
  torch::jit::drop(*stack, op.schema().arguments().size());
  torch::jit::push(*stack, dq, dk, dv);
}

TORCH_LIBRARY_IMPL(aten, CPU, library) {
  library.impl("_flash_attention_forward", torch::CppFunction::makeFromBoxedFunction<&Forward>());
  library.impl("_flash_attention_backward", torch::CppFunction::makeFromBoxedFunction<&Backward>());
}

TEST(FlashAttentionTest, GivesWhatPlainAttentionGivesRowByRow) {
  for (const int64_t window : {int64_t{0}, int64_t{1}, int64_t{5}, int64_t{40}}) {
    ModelConfig config;
    config.layers = 1;
    config.heads = 4;
    config.kv_heads = 2;
    config.head_dim = 8;
    config.context = 64;
    config.query_scalar = 13;
    config.window = window;
    const std::vector<int64_t> cu_seqlens = {0, 3, 33, 34, 51};
    std::vector<int64_t> positions;
    for (size_t r = 0; r + 1 < cu_seqlens.size(); ++r)
      for (int64_t p = 0; p < cu_seqlens[r + 1] - cu_seqlens[r]; ++p) positions.push_back(p);
    const Tensor position_T = at::tensor(positions, at::kLong);
    const RopeTable rope = MakeRopeTable({}, config.head_dim, config.context, at::kCPU);
    PlanPtr plan = PlanAttention(config, rope, cu_seqlens, position_T);
    if (window > 0) plan = SlidingPlan(*plan, config, rope, position_T);

    const int64_t channels = config.q_width() + 2 * config.kv_width(), t = cu_seqlens.back();
    const Tensor leaf = at::sin(at::arange(t * channels, at::kDouble) * 0.7)
                            .view({t, channels})
                            .requires_grad_(true);
    const Tensor weight =
        at::cos(at::arange(t * config.q_width(), at::kDouble) * 0.3).view({t, config.q_width()});
    const Tensor got = FlashAttention(leaf, *plan);

    std::vector<Tensor> rows;
    for (size_t r = 0; r + 1 < cu_seqlens.size(); ++r) {
      const int64_t length = cu_seqlens[r + 1] - cu_seqlens[r];
      const Tensor heads_HLE =
          leaf.narrow(0, cu_seqlens[r], length).view({length, 8, 8}).transpose(0, 1);
      Tensor seen = at::ones({length, length}, at::kBool).tril();
      if (window > 0) seen = seen.triu(1 - window);
      rows.push_back(PlainAttention(heads_HLE.narrow(0, 0, 4),
                                    heads_HLE.narrow(0, 4, 2).repeat_interleave(2, 0),
                                    heads_HLE.narrow(0, 6, 2).repeat_interleave(2, 0), seen,
                                    plan->scores)
                         .transpose(0, 1)
                         .reshape({length, config.q_width()}));
    }
    const Tensor want = at::cat(rows);
    EXPECT_LT((got - want).abs().max().item<double>(), 1e-12) << "window " << window;
    const auto gradient = [&](const Tensor& out) {
      return torch::autograd::grad({(out * weight).sum()}, {leaf})[0];
    };
    EXPECT_LT((gradient(got) - gradient(want)).abs().max().item<double>(), 1e-12);
    EXPECT_FALSE(UsesFlashAttention(leaf.to(at::kBFloat16), *plan)) << "on the CPU";
  }
}

}  // namespace
}  // namespace tuneward
