// LmHead's losses of a value a row against plain tensor operations with the same autograd.
#include <gtest/gtest.h>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include "worker/engine/lm_head.h"

namespace tuneward {
namespace {

using at::Tensor;

constexpr int64_t kRows = 150, kWidth = 24;
constexpr int64_t kVocab = 20000;  // several chunks of rows

Tensor Values(at::IntArrayRef shape, double phase) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return at::sin(at::arange(count, at::kFloat).mul_(0.7).add_(phase)).reshape(shape);
}

double Largest(const Tensor& got, const Tensor& want) {
  return (got - want).abs().max().item<double>();
}

class VocabLossTest : public testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  Tensor h_ = Values({kRows, kWidth}, 0.1).requires_grad_(true);
  Tensor w_ = Values({kVocab, kWidth}, 1.3);
  Tensor target_ = at::arange(kRows).mul(7919).remainder(kVocab);
  Tensor factor_ = Values({kRows}, 2.1);  // what a loss makes of each row
  Tensor Grad(const Tensor& value_N, const Tensor& of) {
    return torch::autograd::grad({at::dot(value_N, factor_)}, {of})[0];
  }
  Tensor PlainLogProb(const Tensor& h, const Tensor& w) {
    return at::log_softmax(at::mm(h, w.t()), 1).gather(1, target_.unsqueeze(1)).squeeze(1);
  }
};

TEST_F(VocabLossTest, LogProbAndItsGradientAreThoseOfPlainOperations) {
  const LmHead head(w_);
  const Tensor got = head.LogProb(h_, target_), want = PlainLogProb(h_, w_);
  EXPECT_LT(Largest(got, want), 1e-5);
  EXPECT_LT(Largest(Grad(got, h_), Grad(want, h_)), 1e-5);
}

TEST_F(VocabLossTest, LogProbTrainsTheHeadToo) {
  const Tensor w = w_.clone().requires_grad_(true);
  const Tensor got = LmHead(w).LogProb(h_, target_), want = PlainLogProb(h_, w);
  EXPECT_LT(Largest(Grad(got, w), Grad(want, w)), 1e-5);
}

TEST_F(VocabLossTest, LogProbIsTheLossWithItsSignChanged) {
  const LmHead head(w_);
  const Tensor weight = at::full({kRows}, 0.25);
  const LmHead::Loss nll = head.Nll(h_, target_, weight);
  const Tensor logp = head.LogProb(h_, target_);
  EXPECT_TRUE(at::equal(nll.nll_N, logp.detach().neg()));
  const Tensor want = torch::autograd::grad({nll.total}, {h_})[0];
  const Tensor got = torch::autograd::grad({at::dot(logp, weight).neg()}, {h_})[0];
  EXPECT_LT(Largest(got, want), 1e-6);
}

TEST_F(VocabLossTest, KlAndItsGradientAreThoseOfPlainOperations) {
  const Tensor ref = Values({kRows, kWidth}, 0.6);
  const Tensor got = LmHead(w_).Kl(h_, ref);
  const Tensor want = at::kl_div(at::log_softmax(at::mm(h_, w_.t()), 1),
                                 at::log_softmax(at::mm(ref, w_.t()), 1), at::Reduction::None, true)
                          .sum(1);
  EXPECT_GT(want.min().item<double>(), 0);
  EXPECT_LT(Largest(got, want), 1e-5);
  EXPECT_LT(Largest(Grad(got, h_), Grad(want, h_)), 1e-5);
}

TEST_F(VocabLossTest, KlOfAModelFromItselfIsZero) {
  const Tensor kl = LmHead(w_).Kl(h_, h_);
  EXPECT_EQ(kl.abs().max().item<double>(), 0);
  EXPECT_EQ(Grad(kl, h_).abs().max().item<double>(), 0);
}

TEST_F(VocabLossTest, ASoftCapBendsEveryLossAndItsGradient) {
  constexpr double kCap = 2;
  const Tensor w = w_.clone().requires_grad_(true), ref = Values({kRows, kWidth}, 0.6);
  const auto logits = [&](const Tensor& h) { return at::tanh(at::mm(h, w.t()) / kCap) * kCap; };
  const LmHead head(w, kCap);
  EXPECT_LT(Largest(head.Logits(h_.detach()), logits(h_)), 1e-5);
  const Tensor logp = head.LogProb(h_, target_);
  const Tensor want = at::log_softmax(logits(h_), 1).gather(1, target_.unsqueeze(1)).squeeze(1);
  EXPECT_GT(Largest(logp, PlainLogProb(h_, w_)), 0.1) << "the cap must bend";
  EXPECT_LT(Largest(logp, want), 1e-5);
  const auto both = [&](const Tensor& loss) { return torch::autograd::grad({loss}, {h_, w}); };
  const auto got_grads = both(at::dot(logp, factor_)), want_grads = both(at::dot(want, factor_));
  const LmHead::Loss nll = head.Nll(h_, target_, factor_);
  const auto nll_grads = both(nll.total);
  EXPECT_LT(Largest(nll.nll_N, want.neg()), 1e-5);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_LT(Largest(got_grads[i], want_grads[i]), 1e-5) << i;
    EXPECT_LT(Largest(nll_grads[i].neg(), want_grads[i]), 1e-5) << i;
  }
  const Tensor kl = head.Kl(h_, ref);
  const Tensor want_kl = at::kl_div(at::log_softmax(logits(h_), 1), at::log_softmax(logits(ref), 1),
                                    at::Reduction::None, true)
                             .sum(1);
  EXPECT_LT(Largest(kl, want_kl), 1e-5);
  EXPECT_LT(Largest(Grad(kl, h_), Grad(want_kl, h_)), 1e-5);
}

TEST_F(VocabLossTest, ABFloat16HeadGivesFloat32Values) {
  const Tensor h = h_.detach().to(at::kBFloat16).requires_grad_(true);
  const Tensor w = w_.to(at::kBFloat16);
  const Tensor got = LmHead(w).LogProb(h, target_);
  EXPECT_EQ(got.scalar_type(), at::kFloat);
  EXPECT_LT(Largest(got, PlainLogProb(h_, w_)), 0.1);
  const Tensor gradient = Grad(got, h);
  EXPECT_EQ(gradient.scalar_type(), at::kBFloat16);
  EXPECT_LT(Largest(gradient.to(at::kFloat), Grad(PlainLogProb(h_, w_), h_)), 0.05);
  EXPECT_EQ(LmHead(w).Kl(h, h.detach()).scalar_type(), at::kFloat);
}

TEST_F(VocabLossTest, WithoutAGraphNothingIsKept) {
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(LmHead(w_).LogProb(h_, target_).requires_grad());
  EXPECT_FALSE(LmHead(w_).Kl(h_, h_).requires_grad());
}

}  // namespace
}  // namespace tuneward
