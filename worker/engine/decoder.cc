#include "worker/engine/decoder.h"

#include "worker/engine/geglu.h"
#include "worker/engine/norm.h"
#include "worker/engine/qk_norm.h"
#include "worker/engine/recompute.h"

namespace tuneward {

using at::Tensor;

Decoder::Decoder(const ModelConfig& config, const Weights& weights, at::Device device)
    : config_(config),
      weights_(weights),
      rope_(MakeRopeTable(config.rope, config.head_dim, config.context, device)),
      sliding_rope_(
          config.sliding.empty() || config.sliding_rope == config.rope
              ? rope_
              : MakeRopeTable(config.sliding_rope, config.head_dim, config.context, device)) {}

// With an offset in fp32, so that an offset and a small weight do not meet in bf16.
Tensor Decoder::NormWeight(const Tensor& w_D) const {
  return config_.norm_offset == 0 ? w_D : w_D.to(at::kFloat) + config_.norm_offset;
}

Tensor Decoder::Norm(const Tensor& x_TD, const Tensor& w_D) const {
  return RmsNorm(x_TD, NormWeight(w_D), config_.rms_eps);
}

Tensor Decoder::Embed(const Tensor& tokens_T) const {
  const Tensor h_TD = at::embedding(weights_.embed_VD, tokens_T);
  if (config_.embed_scale == 1) return h_TD;
  // Hugging Face rounds the factor to the weights' type: 55.5 and not 55.4256 in bf16.
  return h_TD * at::scalar_tensor(config_.embed_scale, h_TD.options().requires_grad(false));
}

std::pair<Tensor, Tensor> Decoder::Layer(int64_t l, Tensor h_TD, const Tensor& normed_TD,
                                         const LayerOps& ops, const Tensor& keep_N) const {
  const double epsilon = config_.rms_eps;
  const LayerWeights& layer = weights_.layers[l];
  const auto linear = [&](const Tensor& x, Group group) {
    const Tensor y = ops.linear(x, l, group);
    return layer.bias[group].defined() ? y + layer.bias[group] : y;
  };
  Tensor qkv_TC = linear(normed_TD, kQkv);
  if (config_.qk_norm)
    qkv_TC = QkNorm(qkv_TC, NormWeight(layer.q_norm_E), NormWeight(layer.k_norm_E), config_);
  Tensor mixed = ops.attend(qkv_TC, l);
  const bool last = l + 1 == config_.layers;
  if (last && keep_N.defined()) {
    mixed = mixed.index_select(0, keep_N);
    h_TD = h_TD.index_select(0, keep_N);
  }
  Tensor branch = linear(mixed, kOut), inner_TD;
  if (config_.branch_norms) branch = Norm(branch, layer.attention_branch_norm_D);
  std::tie(h_TD, inner_TD) = AddRmsNorm(h_TD, branch, NormWeight(layer.mlp_norm_D), epsilon);
  const Tensor gate_up = linear(inner_TD, kGateUp);
  branch =
      linear(config_.activation == Activation::kSilu ? SwiGlu(gate_up) : GeGlu(gate_up), kDown);
  if (config_.branch_norms) branch = Norm(branch, layer.mlp_branch_norm_D);
  return AddRmsNorm(h_TD, branch, NormWeight(NextNorm(l)), epsilon);
}

Tensor Decoder::Layers(const Tensor& tokens_T, const LayerOps& ops, const Tensor& keep_N) const {
  Tensor h_TD = Embed(tokens_T);
  Tensor normed_TD = Norm(h_TD, weights_.layers[0].attention_norm_D);
  for (int64_t l = 0; l < config_.layers; ++l)
    std::tie(h_TD, normed_TD) = Layer(l, h_TD, normed_TD, ops, keep_N);
  return normed_TD;
}

const Tensor& Decoder::NextNorm(int64_t l) const {
  return l + 1 == config_.layers ? weights_.norm_D : weights_.layers[l + 1].attention_norm_D;
}

std::vector<Tensor> Decoder::TrainedOf(int64_t l, const Adapter* adapter) const {
  std::vector<Tensor> trained;
  const auto add = [&](const Tensor& tensor) {
    if (tensor.defined() && tensor.requires_grad()) trained.push_back(tensor);
  };
  const LayerWeights& w = weights_.layers[l];
  for (int g = 0; g < kGroups; ++g) {
    add(w.linear[g]), add(w.bias[g]);
    if (adapter == nullptr) continue;
    const GroupLora& lora = adapter->layer(l)[g];
    add(lora.a_KI);
    for (const LoraPart& part : lora.parts) add(part.b_Wr);
  }
  for (const Tensor& norm : {w.mlp_norm_D, w.attention_branch_norm_D, w.mlp_branch_norm_D,
                             w.q_norm_E, w.k_norm_E, NextNorm(l)})
    add(norm);
  return trained;
}

LayerPlans Decoder::Plan(const std::vector<int64_t>& cu_seqlens, const Tensor& position_T) const {
  const PlanPtr full = PlanAttention(config_, rope_, cu_seqlens, position_T);
  return {full,
          config_.sliding.empty() ? full : SlidingPlan(*full, config_, sliding_rope_, position_T)};
}

// Its values are its own: they outlive the call where the backward runs them again.
LayerOps Decoder::OpsOf(const PackedBatch& batch, const Adapter* adapter,
                        const DropoutSeed& dropout) const {
  static const GroupLora kNone;
  LayerOps ops;
  ops.linear = [this, adapter, dropout](const Tensor& x, int64_t l, Group group) {
    const GroupLora& lora = adapter ? adapter->layer(l)[group] : kNone;
    return GroupLinear(x, weights_.layers[l].linear[group], lora,
                       {dropout.p, dropout.key, static_cast<uint32_t>(l * kGroups + group)});
  };
  ops.attend = [this, plans = Plan(batch.cu_seqlens, batch.position_T)](const Tensor& qkv_TC,
                                                                        int64_t l) {
    return RopeAttention(qkv_TC, config_.IsSliding(l) ? plans.sliding : plans.full).mixed_TW;
  };
  return ops;
}

ForwardOut Decoder::Forward(const PackedBatch& batch, const Adapter* adapter,
                            const DropoutSeed& dropout, bool recompute) const {
  const LayerOps ops = OpsOf(batch, adapter, dropout);
  if (!recompute || !at::GradMode::is_enabled())
    return {Layers(batch.tokens_T, ops, batch.target_index_N)};
  Tensor h_TD = Embed(batch.tokens_T);
  Tensor normed_TD = Norm(h_TD, weights_.layers[0].attention_norm_D);
  for (int64_t l = 0; l < config_.layers; ++l) {
    const DecoderPart layer = [this, l, ops, keep_N = batch.target_index_N](const Tensor& h,
                                                                            const Tensor& normed) {
      return Layer(l, h, normed, ops, keep_N);
    };
    std::tie(h_TD, normed_TD) = Recomputed(layer, h_TD, normed_TD, TrainedOf(l, adapter));
  }
  return {normed_TD};
}

}  // namespace tuneward
