#include "worker/engine/fixed_factor.h"

#include <torch/csrc/autograd/grad_mode.h>

namespace tuneward {
namespace {

using at::Tensor;

// Of part i: B A under L, before R and the scale.
Tensor PartProduct(const GroupLora& lora, size_t i, const Tensor& a_KI, const Tensor& b_Wr) {
  const int64_t rank = b_Wr.size(1);
  Tensor product_WI = at::mm(b_Wr, a_KI.narrow(0, static_cast<int64_t>(i) * rank, rank));
  if (lora.fixed && lora.fixed->left_WW[i].defined())
    product_WI = at::mm(lora.fixed->left_WW[i], product_WI);
  return product_WI;
}

}  // namespace

Tensor FixedLinear(const Tensor& x_TI, const Tensor& w_OI, const GroupLora& lora,
                   const Dropout& dropout) {
  const FixedFactors& fixed = *lora.fixed;
  const auto type = x_TI.scalar_type();
  const Tensor& base_OI = fixed.base_OI.defined() ? fixed.base_OI : w_OI;
  const Tensor y_TO = GroupLinear(x_TI, base_OI, {});
  Tensor in_TI = dropout.p > 0 ? x_TI * DropoutMask(dropout, x_TI) : x_TI;
  if (fixed.right_II.defined()) in_TI = at::mm(in_TI, fixed.right_II.to(type).t());
  const Tensor u_TK = at::mm(in_TI, lora.a_KI.to(type).t());
  std::vector<Tensor> spans;  // the group's output from left to right
  int64_t at_column = 0;
  const auto fill_to = [&](int64_t column) {
    if (column > at_column)
      spans.push_back(at::zeros({x_TI.size(0), column - at_column}, y_TO.options()));
  };
  for (size_t i = 0; i < lora.parts.size(); ++i) {
    const LoraPart& part = lora.parts[i];
    const int64_t rank = part.b_Wr.size(1);
    Tensor add_TW =
        at::mm(u_TK.narrow(1, static_cast<int64_t>(i) * rank, rank), part.b_Wr.to(type).t());
    if (fixed.left_WW[i].defined()) add_TW = at::mm(add_TW, fixed.left_WW[i].to(type).t());
    fill_to(part.offset);
    spans.push_back(add_TW);
    at_column = part.offset + part.width;
  }
  fill_to(y_TO.size(1));
  return at::add(y_TO, at::cat(spans, 1), lora.scale);
}

Tensor GroupDelta(const GroupLora& lora, int64_t out_width) {
  const at::NoGradGuard no_grad;
  const FixedFactors* fixed = lora.fixed.get();
  const bool moved = fixed && fixed->initial_a_KI.defined();
  Tensor delta_OI = at::zeros({out_width, lora.a_KI.size(1)}, lora.a_KI.options());
  for (size_t i = 0; i < lora.parts.size(); ++i) {
    const LoraPart& part = lora.parts[i];
    Tensor product_WI = PartProduct(lora, i, lora.a_KI, part.b_Wr);
    if (moved) product_WI.sub_(PartProduct(lora, i, fixed->initial_a_KI, fixed->initial_b_Wr[i]));
    delta_OI.narrow(0, part.offset, part.width).copy_(product_WI);
  }
  if (fixed && fixed->right_II.defined()) delta_OI = at::mm(delta_OI, fixed->right_II);
  return delta_OI.mul_(lora.scale);
}

}  // namespace tuneward
