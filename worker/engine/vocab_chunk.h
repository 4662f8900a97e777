// What the losses over the vocabulary share: how many rows of logits exist at once, and the
// soft-max with its gradient on them. Shapes: C rows of a chunk, V vocabulary.
#pragma once

#include <ATen/ATen.h>

namespace tuneward {

// Rows of a chunk. Each chunk reads the whole head, so one of few rows is bound by memory; one of
// very many holds logits that the next product finds no longer in the cache.
int64_t ChunkRows(int64_t vocab);

// logits become weight x (softmax - onehot(target)) when `gradient` (in their own type; without it
// their values are lost); nll_C is written either way. weight and nll are fp32. Returns the tensor
// that holds the result: `logits_CV` itself where the fused kernel runs.
at::Tensor SoftmaxNll(at::Tensor logits_CV, const at::Tensor& target_C, const at::Tensor& weight_C,
                      bool gradient, at::Tensor nll_C);

}  // namespace tuneward
