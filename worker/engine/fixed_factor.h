// LoRA with fixed factors: y = W' x + s L B (A (R x)). L and R are constants that a method chooses
// (identity where absent); W' is W without an optional initial product, so that a start away from
// zero leaves the model as it was. One form for the methods of that kind; plain LoRA never comes
// here. Shapes as in linear.h, W width of a part.
#pragma once

#include <vector>

#include "worker/engine/linear.h"

namespace tuneward {

struct FixedFactors {
  std::vector<at::Tensor> left_WW;  // of each part; undefined: identity
  at::Tensor right_II;              // of the group's shared input; undefined: identity
  // A and B at the start where their product was taken out of W, and W' = W - s L B A R of that
  // time. Undefined: nothing was taken out.
  at::Tensor initial_a_KI, base_OI;
  std::vector<at::Tensor> initial_b_Wr;
};

// GroupLinear where lora.fixed is set. Differentiable in x, A and B.
at::Tensor FixedLinear(const at::Tensor& x_TI, const at::Tensor& w_OI, const GroupLora& lora,
                       const Dropout& dropout);

// What the adapter adds to the weight it was made for, fp32: s L B A R, minus the initial product
// that was taken out of it. Zero rows where no linear is targeted.
at::Tensor GroupDelta(const GroupLora& lora, int64_t out_width);

}  // namespace tuneward
