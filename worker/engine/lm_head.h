// The output projection with its loss. Logits exist only at targets, a chunk of tokens at a time,
// and the gradient is taken in the forward, so the vocabulary never multiplies memory. Shapes: N
// targets, D hidden, V vocabulary, C tokens of a chunk.
#pragma once

#include <ATen/ATen.h>

namespace tuneward {

class LmHead {
 public:
  // `soft_cap` 0: none.
  explicit LmHead(at::Tensor w_VD, double soft_cap = 0)
      : w_VD_(std::move(w_VD)), soft_cap_(soft_cap) {}

  struct Loss {
    at::Tensor total;  // scalar, differentiable: sum of weight x nll
    at::Tensor nll_N;  // fp32, detached
  };
  Loss Nll(const at::Tensor& h_ND, const at::Tensor& target_N, const at::Tensor& weight_N) const;

  // log p(target), N fp32 values, differentiable in h and in the head's weight (vocab_loss.cc).
  at::Tensor LogProb(const at::Tensor& h_ND, const at::Tensor& target_N) const;

  // KL(softmax of ref_h's logits || softmax of h's), N fp32 values in nats over the vocabulary,
  // differentiable in h alone. Any hidden rows of width D will do, not only the last layer's. For a
  // value of the other direction the arguments are exchanged.
  at::Tensor Kl(const at::Tensor& h_ND, const at::Tensor& ref_h_ND) const;

  // fp32 logits, no graph.
  at::Tensor Logits(const at::Tensor& h_ND) const;

 private:
  at::Tensor w_VD_;
  double soft_cap_;
};

}  // namespace tuneward
