// A part of the decoder whose inner values are not kept for the backward: only what goes in is, and
// the backward runs the part once more (activation recomputation). The same operations on the same
// values give the same bits, dropout masks included, so gradients do not change. Shapes: T tokens,
// D hidden.
#pragma once

#include <functional>
#include <utility>

#include <ATen/ATen.h>

namespace tuneward {

// {h, normed} before a layer -> after it. Lives as long as the graph.
using DecoderPart = std::function<std::pair<at::Tensor, at::Tensor>(const at::Tensor& h_TD,
                                                                    const at::Tensor& normed_TD)>;

// part(h, normed), differentiable in both and in `leaves`: every tensor with a gradient that the
// part uses besides.
std::pair<at::Tensor, at::Tensor> Recomputed(DecoderPart part, const at::Tensor& h_TD,
                                             const at::Tensor& normed_TD, at::TensorList leaves);

}  // namespace tuneward
