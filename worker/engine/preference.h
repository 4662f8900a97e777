// Direct preference optimisation: the loss over pairs of answers to one prompt, -log sigmoid(beta x
// ((log p - log p_ref) of the chosen answer - that of the rejected one)), with log p summed over
// the answer's targets; and what is reported of it. The reference is the base with its adapter off.
#pragma once

#include <vector>

#include "worker/engine/decoder.h"

namespace tuneward {

// Computes the reference of a batch of pairs, without a graph and without dropout.
void AttachReference(const Decoder& decoder, PackedBatch& batch);

// The weighted sum over the batch's pairs; nll_N are -log p of the single targets.
LmHead::Loss DpoLoss(const PackedBatch& batch, const ForwardOut& out, const LmHead& head);

struct PairReward {
  double chosen = 0, rejected = 0;
  double margin() const { return chosen - rejected; }
  double loss() const;
};
// Of the pairs in order, from nll_N as DpoLoss gives it.
std::vector<PairReward> PairRewards(const PackedBatch& batch, const at::Tensor& nll_N);

}  // namespace tuneward
