#include "worker/engine/decoder.h"

#include <algorithm>

#include "core/base/status.h"
#include "worker/engine/geglu.h"
#include "worker/engine/norm.h"
#include "worker/engine/qk_norm.h"
#include "worker/engine/recompute.h"

namespace tuneward {

using at::Tensor;

namespace {

// The parts' rows laid end to end.
struct JoinedParts {
  Tensor tokens_U, position_T, target_index_N;
  std::vector<int64_t> cu_seqlens;
  SharedPlacesPtr shared;
};

JoinedParts Join(std::span<const ForwardPart> parts) {
  const PackedBatch& first = *parts.front().batch;
  if (parts.size() == 1)
    return {first.tokens_U, first.position_T, first.target_index_N, first.cu_seqlens, first.shared};
  std::vector<Tensor> tokens, positions, indices;
  std::vector<int64_t> cu_seqlens = {0};
  std::vector<PlacesOf> places;
  int64_t nodes = 0;
  for (const ForwardPart& part : parts) {
    const PackedBatch& batch = *part.batch;
    const int64_t before = cu_seqlens.back();
    tokens.push_back(batch.tokens_U);
    positions.push_back(batch.position_T);
    indices.push_back(batch.target_index_N + nodes);
    nodes += batch.nodes();
    for (size_t i = 1; i < batch.cu_seqlens.size(); ++i)
      cu_seqlens.push_back(before + batch.cu_seqlens[i]);
    places.push_back({batch.shared, batch.cu_seqlens});
  }
  return {at::cat(tokens), at::cat(positions), at::cat(indices), std::move(cu_seqlens),
          JoinPlaces(places, first.tokens_U.device())};
}

// Each once: a training whose micro-batches are small may have several parts.
std::vector<const Adapter*> AdaptersOf(std::span<const ForwardPart> parts) {
  std::vector<const Adapter*> adapters;
  for (const ForwardPart& part : parts)
    if (part.adapter && std::find(adapters.begin(), adapters.end(), part.adapter) == adapters.end())
      adapters.push_back(part.adapter);
  return adapters;
}

}  // namespace

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

Tensor Decoder::Embed(const Tensor& tokens_U) const {
  const Tensor h_UD = at::embedding(weights_.embed_VD, tokens_U);
  if (config_.embed_scale == 1) return h_UD;
  // Hugging Face rounds the factor to the weights' type: 55.5 and not 55.4256 in bf16.
  return h_UD * at::scalar_tensor(config_.embed_scale, h_UD.options().requires_grad(false));
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

std::vector<Tensor> Decoder::TrainedOf(int64_t l, std::span<const ForwardPart> parts) const {
  std::vector<Tensor> trained;
  const auto add = [&](const Tensor& tensor) {
    if (tensor.defined() && tensor.requires_grad()) trained.push_back(tensor);
  };
  const LayerWeights& w = weights_.layers[l];
  for (int g = 0; g < kGroups; ++g) {
    add(w.linear[g]), add(w.bias[g]);
    for (const Adapter* adapter : AdaptersOf(parts)) {
      const GroupLora& lora = adapter->layer(l)[g];
      add(lora.a_KI);
      for (const LoraPart& part : lora.parts) add(part.b_Wr);
    }
  }
  for (const Tensor& norm : {w.mlp_norm_D, w.attention_branch_norm_D, w.mlp_branch_norm_D,
                             w.q_norm_E, w.k_norm_E, NextNorm(l)})
    add(norm);
  return trained;
}

LayerPlans Decoder::Plan(const std::vector<int64_t>& cu_seqlens, const Tensor& position_T,
                         const std::vector<int64_t>& known_B) const {
  const PlanPtr full = PlanAttention(config_, rope_, cu_seqlens, position_T);
  full->known_B = known_B;
  return {full,
          config_.sliding.empty() ? full : SlidingPlan(*full, config_, sliding_rope_, position_T)};
}

// Its values are its own: they outlive the call where the backward runs them again.
LayerOps Decoder::OpsOf(std::span<const ForwardPart> parts, const SharedPlacesPtr& shared,
                        const LayerPlans& plans) const {
  struct Rows {
    const Adapter* adapter;
    DropoutSeed dropout;
    int64_t nodes, last;  // rows of a layer, and after the last one's attention
  };
  std::vector<Rows> rows;
  for (const ForwardPart& part : parts) {
    // One mask for a beginning in all of its rows would be another method.
    TW_CHECK(part.dropout.p == 0 || !part.batch->shared);
    const int64_t nodes = part.batch->nodes();
    const Tensor& kept_N = part.batch->target_index_N;
    rows.push_back({part.adapter, part.dropout, nodes, kept_N.defined() ? kept_N.size(0) : nodes});
  }
  LayerOps ops;
  ops.linear = [this, rows](const Tensor& x, int64_t l, Group group) {
    const uint32_t site = static_cast<uint32_t>(l * kGroups + group);
    const bool last = l + 1 == config_.layers && group != kQkv;
    std::vector<LoraRows> lora;
    int64_t begin = 0;
    for (const Rows& part : rows) {
      const int64_t count = last ? part.last : part.nodes;
      if (part.adapter)
        lora.push_back({&part.adapter->layer(l)[group],
                        begin,
                        count,
                        {part.dropout.p, part.dropout.key, site}});
      begin += count;
    }
    return GroupLinear(x, weights_.layers[l].linear[group], lora);
  };
  ops.attend = [this, shared, plans](const Tensor& qkv_UC, int64_t l) {
    const PlanPtr& plan = config_.IsSliding(l) ? plans.sliding : plans.full;
    if (!shared) return RopeAttention(qkv_UC, plan).mixed_TW;
    return ToNodes(RopeAttention(ToPlaces(qkv_UC, shared), plan).mixed_TW, shared);
  };
  return ops;
}

ForwardOut Decoder::Forward(const PackedBatch& batch, const Adapter* adapter,
                            const DropoutSeed& dropout, bool recompute) const {
  const ForwardPart part{&batch, adapter, dropout};
  return ForwardTogether({&part, 1}, recompute).front();
}

std::vector<ForwardOut> Decoder::ForwardTogether(std::span<const ForwardPart> parts,
                                                 bool recompute) const {
  const JoinedParts joined = Join(parts);
  const LayerOps ops = OpsOf(parts, joined.shared,
                             Plan(joined.cu_seqlens, joined.position_T,
                                  joined.shared ? joined.shared->known_B : std::vector<int64_t>()));
  Tensor h_TD, normed_TD;
  if (!recompute || !at::GradMode::is_enabled()) {
    normed_TD = Layers(joined.tokens_U, ops, joined.target_index_N);
  } else {
    h_TD = Embed(joined.tokens_U);
    normed_TD = Norm(h_TD, weights_.layers[0].attention_norm_D);
    for (int64_t l = 0; l < config_.layers; ++l) {
      const DecoderPart layer = [this, l, ops, keep_N = joined.target_index_N](
                                    const Tensor& h, const Tensor& normed) {
        return Layer(l, h, normed, ops, keep_N);
      };
      std::tie(h_TD, normed_TD) = Recomputed(layer, h_TD, normed_TD, TrainedOf(l, parts));
    }
  }
  if (parts.size() == 1) return {{normed_TD}};
  std::vector<int64_t> counts;
  for (const ForwardPart& part : parts) counts.push_back(part.batch->target_index_N.size(0));
  std::vector<ForwardOut> outs;
  for (const Tensor& h_ND : normed_TD.split_with_sizes(counts)) outs.push_back({h_ND});
  return outs;
}

}  // namespace tuneward
