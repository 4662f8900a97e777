// The fused attention kernels against the same arithmetic in tensor operations and doubles, where
// the kernels do not run: windows, soft caps, scales, lengths on both sides of a block.
#include "worker/engine/attention.h"

#include <gtest/gtest.h>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include "worker/engine/kv_cache.h"

namespace tuneward {
namespace {

using at::Tensor;

struct Rule {
  int64_t window;
  double soft_cap, query_scalar;
};

ModelConfig Config(const Rule& rule) {
  ModelConfig config;
  config.layers = 1;
  config.heads = 4;
  config.kv_heads = 2;
  config.head_dim = 16;
  config.context = 256;
  config.query_scalar = rule.query_scalar;
  config.attention_soft_cap = rule.soft_cap;
  config.window = rule.window;
  if (rule.window > 0) config.sliding = {true};
  return config;
}

Tensor Wave(at::IntArrayRef shape, double step) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return at::sin(at::arange(count, at::kDouble) * step + 0.3).mul(1.5).view(shape);
}

class UnwrittenIsNan {
 public:
  UnwrittenIsNan() {
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
    at::globalContext().setDeterministicFillUninitializedMemory(true);
  }
  ~UnwrittenIsNan() { at::globalContext().setDeterministicAlgorithms(false, false); }
};

class AttentionTest : public testing::TestWithParam<Rule> {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  const ModelConfig config_ = Config(GetParam());
  const RopeTable rope_ = MakeRopeTable({}, config_.head_dim, config_.context, at::kCPU);
  const int64_t channels_ = config_.q_width() + 2 * config_.kv_width();
};

TEST_P(AttentionTest, KernelsGiveWhatDoublesGive) {
  const std::vector<int64_t> lengths = {1, 7, 8, 9, 63, 64, 65, 130, 3};
  std::vector<int64_t> cu_seqlens = {0}, positions;
  for (const int64_t length : lengths) {
    for (int64_t p = 0; p < length; ++p) positions.push_back(p);
    cu_seqlens.push_back(cu_seqlens.back() + length);
  }
  const int64_t t = cu_seqlens.back();
  const Tensor position_T = at::tensor(positions, at::kLong);
  PlanPtr plan = PlanAttention(config_, rope_, cu_seqlens, position_T);
  if (!config_.sliding.empty()) plan = SlidingPlan(*plan, config_, rope_, position_T);
  const Tensor values = Wave({t, channels_}, 0.7), weight = Wave({t, config_.q_width()}, 0.31);
  const auto run = [&](at::ScalarType type) {
    const Tensor leaf = values.to(type).detach().requires_grad_(true);
    const Tensor out = RopeAttention(leaf * 1, plan).mixed_TW;
    const Tensor loss = (out * weight.to(type)).sum();
    return std::pair(out.detach(), torch::autograd::grad({loss}, {leaf})[0]);
  };
  const auto [out, grad] = run(at::kFloat);
  const auto [want, want_grad] = run(at::kDouble);
  EXPECT_LT((out - want).abs().max().item<double>(), 4e-6);
  EXPECT_LT((grad - want_grad).abs().max().item<double>(), 2e-5);
  // The rule has an effect: without it the numbers are others.
  ScoreRule none;
  none.query_scalar = 16;
  PlanPtr other = PlanAttention(config_, rope_, cu_seqlens, position_T);
  other->scores = none;
  const double moved =
      (RopeAttention(values.to(at::kFloat), other).mixed_TW - out).abs().max().item<double>();
  if (GetParam().window > 0 || GetParam().soft_cap > 0 || GetParam().query_scalar > 0)
    EXPECT_GT(moved, 1e-2);
  else
    EXPECT_EQ(moved, 0);
}

// Where nobody reads the first tokens' results, the others' and all gradients stay what they are.
TEST_P(AttentionTest, TokensWithoutAReaderAreLeftOut) {
  const std::vector<int64_t> lengths = {9, 70, 130, 12}, known = {0, 5, 77, 11};
  std::vector<int64_t> cu_seqlens = {0}, positions, read;
  for (size_t row = 0; row < lengths.size(); ++row) {
    for (int64_t p = 0; p < lengths[row]; ++p) {
      if (p >= known[row]) read.push_back(static_cast<int64_t>(positions.size()));
      positions.push_back(p);
    }
    cu_seqlens.push_back(cu_seqlens.back() + lengths[row]);
  }
  const Tensor position_T = at::tensor(positions, at::kLong), read_N = at::tensor(read, at::kLong);
  PlanPtr plan = PlanAttention(config_, rope_, cu_seqlens, position_T);
  const auto run = [&](const std::vector<int64_t>& known_B, at::ScalarType type) {
    plan->known_B = known_B;
    const PlanPtr used =
        config_.sliding.empty() ? plan : SlidingPlan(*plan, config_, rope_, position_T);
    const Tensor leaf = Wave({cu_seqlens.back(), channels_}, 0.7).to(type).requires_grad_(true);
    // What is not written is NaN here, and must not be read.
    const UnwrittenIsNan poison;
    const Tensor out = RopeAttention(leaf * 1, used).mixed_TW.index_select(0, read_N);
    const Tensor weight = Wave(out.sizes(), 0.31).to(type);
    return std::pair(out.detach(), torch::autograd::grad({(out * weight).sum()}, {leaf})[0]);
  };
  for (const auto& [type, tolerance] :
       {std::pair(at::kFloat, 2e-5), std::pair(at::kBFloat16, 5e-2)}) {
    const auto [out, grad] = run(known, type);
    const auto [want, want_grad] = run({}, type);
    EXPECT_LT((out - want).abs().max().item<double>(), tolerance);
    EXPECT_LT((grad - want_grad).abs().max().item<double>(), tolerance);
    EXPECT_GT(want_grad.abs().max().item<double>(), 0.1);
  }
}

// A row fed token by token through the cache gives what it gives at once.
TEST_P(AttentionTest, TheCacheGivesWhatTheWholeRowGives) {
  constexpr int64_t kLength = 70;
  const at::NoGradGuard no_grad;
  const Tensor position_T = at::arange(kLength, at::kLong);
  PlanPtr plan = PlanAttention(config_, rope_, {0, kLength}, position_T);
  if (!config_.sliding.empty()) plan = SlidingPlan(*plan, config_, rope_, position_T);
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const Tensor values = Wave({kLength, channels_}, 0.7).to(type);
    const AttentionOut whole = RopeAttention(values.clone(), plan);
    KvCache cache(config_, values.options());
    cache.Reserve(1, kLength);
    cache.Put(0, whole.turned_TC, position_T);
    for (int64_t p = 0; p < kLength; ++p) {
      const Tensor got =
          cache.Attend(0, whole.turned_TC.narrow(0, p, 1).contiguous(), at::zeros({1}, at::kLong),
                       at::full({1}, p + 1, at::kLong), p + 1);
      EXPECT_LT((got - whole.mixed_TW.narrow(0, p, 1)).abs().max().item<double>(), 4e-6) << p;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, AttentionTest,
                         testing::Values(Rule{0, 0, 0}, Rule{1, 0, 0}, Rule{8, 0, 0},
                                         Rule{13, 0, 40}, Rule{64, 0, 0}, Rule{100, 0, 0},
                                         Rule{0, 0.7, 0}, Rule{0, 5, 9}, Rule{13, 0.7, 40}));

}  // namespace
}  // namespace tuneward
