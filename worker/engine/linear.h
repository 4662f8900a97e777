// Linears that share an input (q,k,v; gate,up) run as one product, each with an optional LoRA; a
// single linear is a group of one. The autograd function keeps the input once and makes no gradient
// for frozen weights. Shapes: T tokens, I input width, O output width of the group, r rank, k
// targeted linears of the group.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <ATen/ATen.h>

#include "worker/engine/philox_dropout.h"

namespace tuneward {

struct LoraPart {
  int64_t offset = 0, width = 0;  // rows of the group's output
  at::Tensor b_Wr;
};

struct FixedFactors;  // fixed_factor.h

struct GroupLora {
  at::Tensor a_KI;  // [k r, I]: the parts' A, one below the other
  std::vector<LoraPart> parts;
  double scale = 1;
  std::shared_ptr<const FixedFactors> fixed;  // null: plain LoRA; shared by copies of the group
  bool empty() const { return parts.empty(); }
};

// Consecutive rows of x with one LoRA.
struct LoraRows {
  const GroupLora* lora = nullptr;  // null or empty: none
  int64_t begin = 0, rows = 0;
  Dropout dropout;  // its elements count from the first of these rows
};

// y = x w^T + scale B (A dropout(x)), each LoRA on its rows. Differentiable in x, w, A and B: a
// LoRA's gradients are those of its rows alone. Fixed factors only where one LoRA has all rows.
at::Tensor GroupLinear(const at::Tensor& x_TI, const at::Tensor& w_OI,
                       std::span<const LoraRows> lora);

// x w^T without a graph. A row's bits do not depend on the rows beside it: products of few rows,
// for which the CPU's library takes other kernels (measured: fewer than four rows a thread), are
// filled up with zero rows.
at::Tensor RowStableProduct(const at::Tensor& x_TI, const at::Tensor& w_OI);

// GroupLinear without a graph and without dropout, for generation: the product with w once, each
// LoRA on its rows, whose bits are those of a call with these rows alone.
at::Tensor GroupLinearForward(const at::Tensor& x_TI, const at::Tensor& w_OI,
                              std::span<const LoraRows> lora);

}  // namespace tuneward
