// The fused kernels on bf16 against the same functions on the same values in fp32, forward and
// backward.
#include <gtest/gtest.h>

#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <functional>
#include <limits>

#include "worker/engine/attention.h"
#include "worker/engine/bf16.h"
#include "worker/engine/cpu_dispatch.h"
#include "worker/engine/lm_head.h"
#include "worker/engine/norm.h"

namespace tuneward {
namespace {

using at::Tensor;

// Values that bf16 holds exactly, without a random generator.
Tensor Values(at::IntArrayRef shape, double phase) {
  const Tensor i = at::arange(at::empty(shape).numel(), at::kDouble);
  return at::sin(i * 0.7 + phase).mul(0.9).view(shape).to(at::kBFloat16).to(at::kFloat);
}

// bf16 keeps 8 bits: a result may be half a unit off, and a gradient is made of rounded results.
void ExpectNear(const Tensor& bf16, const Tensor& fp32, double units, const char* what) {
  const double largest = fp32.abs().max().item<double>();
  const double apart = (bf16.to(at::kFloat) - fp32).abs().max().item<double>();
  EXPECT_LT(apart, units * largest / 256) << what << ", largest " << largest;
  EXPECT_GT(largest, 0) << what;
}

// Runs `body` in both types, and compares what it returns and the gradients of its inputs.
void Compare(const std::vector<Tensor>& inputs,
             const std::function<Tensor(const std::vector<Tensor>&)>& body, double units) {
  std::vector<Tensor> results, grads;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    std::vector<Tensor> leaves, taken;
    for (const Tensor& input : inputs) {
      leaves.push_back(input.to(type).clone().requires_grad_(true));
      taken.push_back(leaves.back().clone());  // some functions work in place
    }
    const Tensor y = body(taken);
    results.push_back(y.detach());
    const Tensor dy = y.dim() == 0 ? at::ones_like(y) : Values(y.sizes(), 0.3).to(y.scalar_type());
    for (const Tensor& grad : torch::autograd::grad({y}, leaves, {dy})) grads.push_back(grad);
  }
  ExpectNear(results[1], results[0], units / 2, "result");
  for (size_t i = 0; i < inputs.size(); ++i)
    ExpectNear(grads[inputs.size() + i], grads[i], units, "gradient");
}

TEST(Bf16Test, RoundsToNearestEvenAndKeepsNan) {
  const auto round = [](float x) {
    cpu::Bf16 bf16;
    cpu::Put(x, bf16);
    return cpu::ToFloat(bf16);
  };
  EXPECT_EQ(round(1.0f), 1.0f);
  EXPECT_EQ(round(1.0f + 1.0f / 256), 1.0f);               // half way: to the even one
  EXPECT_EQ(round(1.0f + 3.0f / 256), 1.0f + 4.0f / 256);  // half way, from an odd one
  EXPECT_EQ(round(-1.00391f), -1.0078125f);                // just above half way
  EXPECT_TRUE(std::isinf(round(std::numeric_limits<float>::max())));
  EXPECT_TRUE(std::isnan(round(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Bf16Test, KernelsTakeBf16) {
  if (!cpu::Supported()) GTEST_SKIP() << "this machine has no AVX2";
  EXPECT_TRUE(UsesCpuKernels(at::zeros({2, 2}, at::kBFloat16)));
  EXPECT_FALSE(UsesCpuKernels(at::zeros({2, 2}, at::kDouble)));
}

// 43 is not a multiple of eight: the last elements take the scalar way.
TEST(Bf16Test, NormsAgreeWithFp32) {
  for (const int64_t d : {48, 43}) {
    const Tensor w = (Values({d}, 2) + 1).to(at::kBFloat16).to(at::kFloat);
    const auto norm = [&](const std::vector<Tensor>& in) {
      return RmsNorm(in[0], w.to(in[0].scalar_type()), 1e-5);
    };
    Compare({Values({70, d}, 0)}, norm, 4);
    const auto added = [&](const std::vector<Tensor>& in) {
      const auto [sum, y] = AddRmsNorm(in[0], in[1], w.to(in[0].scalar_type()), 1e-5);
      return sum + y;
    };
    Compare({Values({70, d}, 0), Values({70, d}, 1)}, added, 4);
  }
}

TEST(Bf16Test, SwiGluAgreesWithFp32) {
  for (const int64_t f : {64, 37})
    Compare(
        {Values({70, 2 * f}, 0)}, [](const auto& in) { return SwiGlu(in[0]); }, 2);
}

TEST(Bf16Test, AttentionAgreesWithFp32) {
  ModelConfig config;
  config.heads = 4, config.kv_heads = 2, config.head_dim = 16, config.context = 128;
  const std::vector<int64_t> ends = {0, 70, 75, 76};
  std::vector<int64_t> positions;
  for (size_t row = 1; row < ends.size(); ++row)
    for (int64_t i = ends[row - 1]; i < ends[row]; ++i) positions.push_back(i - ends[row - 1]);
  const PlanPtr plan = PlanAttention(config, MakeRopeTable({}, 16, config.context, at::kCPU), ends,
                                     at::tensor(positions, at::kLong));
  Compare(
      {Values({76, 8 * 16}, 0)},
      [&](const auto& in) { return RopeAttention(in[0], plan).mixed_TW; }, 6);
}

TEST(Bf16Test, CrossEntropyAgreesWithFp32) {
  const int64_t n = 40, d = 24, v = 101;
  const Tensor w = Values({v, d}, 4), target = at::arange(n, at::kLong).remainder(v);
  const Tensor weight = at::full({n}, 1.0 / static_cast<double>(n));
  const auto loss = [&](const std::vector<Tensor>& in) {
    const LmHead head(w.to(in[0].scalar_type()));
    return head.Nll(in[0], target, weight).total;
  };
  Compare({Values({n, d}, 0)}, loss, 4);
}

}  // namespace
}  // namespace tuneward
