// The decoder: the layers of every family that model_config.h knows, as branches on its features.
// Run over packed rows with a graph (Forward), or by the generator over one token a row with its
// cache (Layers). Borrows the weights. One thread at a time. Shapes: T rows of what goes through
// the linears (tokens; where rows share their beginnings nodes, U of packed_batch.h), N targets, D
// hidden, C channels of [q, k, v].
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "worker/engine/attention.h"
#include "worker/engine/lm_head.h"
#include "worker/engine/packed_batch.h"
#include "worker/engine/weights.h"

namespace tuneward {

struct ForwardOut {
  at::Tensor at_targets_ND;  // after the final norm, where targets are predicted; logits are left
                             // to LmHead
};

struct DropoutSeed {
  double p = 0;
  std::array<uint32_t, 2> key{};
};

// How attention runs over a batch, by the layer's kind.
struct LayerPlans {
  PlanPtr full, sliding;
};

// What differs between the two: how a linear (without its bias) and attention are taken.
struct LayerOps {
  std::function<at::Tensor(const at::Tensor& x, int64_t layer, Group group)> linear;
  // [T, C] before the rotary turn -> [T, H * E]. May change its argument.
  std::function<at::Tensor(const at::Tensor& qkv_TC, int64_t layer)> attend;
};

// Packed rows with the adapter that they go through; null: the model as it is.
struct ForwardPart {
  const PackedBatch* batch = nullptr;
  const Adapter* adapter = nullptr;
  DropoutSeed dropout;
};

class Decoder {
 public:
  Decoder(const ModelConfig& config, const Weights& weights, at::Device device);

  // `adapter` null: the model as it is. Only targets go through the last layer's MLP and the final
  // norm. `recompute`: of each layer the graph keeps what goes in, and the backward runs it again;
  // equal gradients for less memory and about a third more time.
  ForwardOut Forward(const PackedBatch& batch, const Adapter* adapter,
                     const DropoutSeed& dropout = {}, bool recompute = false) const;
  // The same of each part, with one product for all of them where they share a weight. Parts do
  // not see each other: what one gives, and its adapter's gradients, depend on it alone but for the
  // rounding of products over more rows.
  std::vector<ForwardOut> ForwardTogether(std::span<const ForwardPart> parts,
                                          bool recompute = false) const;

  // Of a row's first `known_B` tokens (none: empty) attention may leave out the results.
  LayerPlans Plan(const std::vector<int64_t>& cu_seqlens, const at::Tensor& position_T,
                  const std::vector<int64_t>& known_B = {}) const;

  // The hidden states after the final norm; of the last layer on only those at `keep_N` (undefined:
  // all).
  at::Tensor Layers(const at::Tensor& tokens_T, const LayerOps& ops,
                    const at::Tensor& keep_N = {}) const;

  const ModelConfig& config() const { return config_; }
  const Weights& weights() const { return weights_; }
  const RopeTable& rope(int64_t layer) const {
    return config_.IsSliding(layer) ? sliding_rope_ : rope_;
  }
  at::Device device() const { return rope_.cos_PR.device(); }
  LmHead head() const { return LmHead(weights_.head_VD, config_.logit_soft_cap); }

 private:
  // As the model multiplies with it.
  at::Tensor NormWeight(const at::Tensor& w_D) const;
  at::Tensor Norm(const at::Tensor& x_TD, const at::Tensor& w_D) const;
  at::Tensor Embed(const at::Tensor& tokens_U) const;
  // {h, h normed for what follows} from before layer `l` to after it.
  std::pair<at::Tensor, at::Tensor> Layer(int64_t l, at::Tensor h_TD, const at::Tensor& normed_TD,
                                          const LayerOps& ops, const at::Tensor& keep_N) const;
  const at::Tensor& NextNorm(int64_t l) const;  // the one at the end of layer l
  // What Layer multiplies with and training changes.
  std::vector<at::Tensor> TrainedOf(int64_t l, std::span<const ForwardPart> parts) const;
  LayerOps OpsOf(std::span<const ForwardPart> parts, const SharedPlacesPtr& shared,
                 const LayerPlans& plans) const;

  ModelConfig config_;
  const Weights& weights_;
  RopeTable rope_, sliding_rope_;  // the second is the first where the two are equal
};

}  // namespace tuneward
