#include "worker/engine/weights.h"

#include "absl/strings/str_cat.h"
#include "core/model/model_tensors.h"
#include "core/model/norm_site.h"
#include "worker/engine/weight_source.h"

namespace tuneward {
namespace {

using at::Tensor;

Tensor LayerWeights::*PlaceOf(NormPlace place) {
  switch (place) {
    case NormPlace::kAttention:
      return &LayerWeights::attention_norm_D;
    case NormPlace::kMlp:
      return &LayerWeights::mlp_norm_D;
    case NormPlace::kAttentionBranch:
      return &LayerWeights::attention_branch_norm_D;
    case NormPlace::kMlpBranch:
      return &LayerWeights::mlp_branch_norm_D;
    case NormPlace::kQuery:
      return &LayerWeights::q_norm_E;
    case NormPlace::kKey:
      break;
  }
  return &LayerWeights::k_norm_E;
}

// Linears that share an input lie one below the other in one matrix; a single one is used as it is.
absl::Status BuildLinears(const ModelConfig& c, int64_t l, WeightSource& source,
                          at::TensorOptions options, LayerWeights& layer) {
  std::array<std::vector<LinearSite>, kGroups> groups;
  for (const LinearSite& site : LinearSites(c)) groups[site.group].push_back(site);
  for (int g = 0; g < kGroups; ++g) {
    const LinearSite &first = groups[g].front(), &last = groups[g].back();
    if (HasBias(c, first.group)) {
      layer.bias[g] = at::empty({last.offset + last.out}, options);
      for (const LinearSite& site : groups[g])
        TW_RETURN_IF_ERROR(source.Into(ModuleName(l, site) + ".bias",
                                       layer.bias[g].narrow(0, site.offset, site.out)));
    }
    if (groups[g].size() == 1) {
      TW_ASSIGN_OR_RETURN(layer.linear[g],
                          source.Whole(ModuleName(l, first) + ".weight", {first.out, first.in}));
      continue;
    }
    layer.linear[g] = at::empty({last.offset + last.out, first.in}, options);
    for (const LinearSite& site : groups[g])
      TW_RETURN_IF_ERROR(source.Into(ModuleName(l, site) + ".weight",
                                     layer.linear[g].narrow(0, site.offset, site.out)));
  }
  return absl::OkStatus();
}

absl::StatusOr<Weights> Build(const ModelConfig& c, WeightSource& source,
                              at::TensorOptions options) {
  Weights weights;
  TW_ASSIGN_OR_RETURN(weights.embed_VD, source.Whole(kEmbeddingName, {c.vocab, c.hidden}));
  for (int64_t l = 0; l < c.layers; ++l) {
    LayerWeights layer;
    for (const NormSite& site : NormSites(c)) {
      TW_ASSIGN_OR_RETURN(layer.*PlaceOf(site.place),
                          source.Whole(NormName(l, site), {site.width}));
    }
    TW_RETURN_IF_ERROR(BuildLinears(c, l, source, options, layer));
    weights.layers.push_back(std::move(layer));
  }
  TW_ASSIGN_OR_RETURN(weights.norm_D, source.Whole(kFinalNormName, {c.hidden}));
  weights.head_VD = weights.embed_VD;
  if (!c.tied_embeddings) {
    TW_ASSIGN_OR_RETURN(weights.head_VD, source.Whole(kHeadName, {c.vocab, c.hidden}));
  }
  for (const auto& [name, where] : source.Left()) {
    if (IsUnusedTensor(c, name)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(where, "tensor '", name, "' is not part of this model"));
  }
  return weights;
}

}  // namespace

std::vector<std::pair<std::string, Tensor>> Weights::Leaves() const {
  std::vector<std::pair<std::string, Tensor>> leaves = {{"embed", embed_VD}};
  const auto add = [&](const std::string& name, const Tensor& tensor) {
    if (tensor.defined()) leaves.emplace_back(name, tensor);
  };
  for (size_t l = 0; l < layers.size(); ++l) {
    const LayerWeights& layer = layers[l];
    const std::string prefix = absl::StrCat("layers.", l, ".");
    add(prefix + "attention_norm", layer.attention_norm_D);
    add(prefix + "mlp_norm", layer.mlp_norm_D);
    for (int g = 0; g < kGroups; ++g) add(absl::StrCat(prefix, "linear", g), layer.linear[g]);
    for (int g = 0; g < kGroups; ++g) add(absl::StrCat(prefix, "bias", g), layer.bias[g]);
    add(prefix + "attention_branch_norm", layer.attention_branch_norm_D);
    add(prefix + "mlp_branch_norm", layer.mlp_branch_norm_D);
    add(prefix + "q_norm", layer.q_norm_E);
    add(prefix + "k_norm", layer.k_norm_E);
  }
  add("norm", norm_D);
  if (!head_VD.is_same(embed_VD)) add("head", head_VD);
  return leaves;
}

absl::StatusOr<Weights> LoadWeights(const ModelConfig& config, const std::string& folder,
                                    at::ScalarType dtype, at::Device device) {
  const auto options = at::TensorOptions().dtype(dtype).device(device);
  TW_ASSIGN_OR_RETURN(const auto source, FolderSource(folder, options));
  return Build(config, *source, options);
}

absl::StatusOr<Weights> WeightsFromTensors(const ModelConfig& config, TensorMap tensors,
                                           at::ScalarType dtype, at::Device device) {
  const auto options = at::TensorOptions().dtype(dtype).device(device);
  return Build(config, *MapSource(std::move(tensors), options), options);
}

Weights FreshWeights(const ModelConfig& config, uint64_t seed, at::ScalarType dtype,
                     at::Device device) {
  const auto options = at::TensorOptions().dtype(dtype).device(device);
  return *Build(config, *FreshSource(seed, 1 - config.norm_offset, options),
                options);  // this source never fails
}

TensorMap WeightsToTensors(const ModelConfig& c, const Weights& weights, at::ScalarType dtype) {
  TensorMap tensors;
  const auto put = [&](const std::string& name, const Tensor& tensor) {
    tensors[name] = tensor.detach().to(dtype);
  };
  put(kEmbeddingName, weights.embed_VD);
  put(kFinalNormName, weights.norm_D);
  if (!c.tied_embeddings) put(kHeadName, weights.head_VD);
  for (int64_t l = 0; l < c.layers; ++l) {
    const LayerWeights& layer = weights.layers[l];
    for (const NormSite& site : NormSites(c)) put(NormName(l, site), layer.*PlaceOf(site.place));
    for (const LinearSite& site : LinearSites(c)) {
      const std::string name = ModuleName(l, site);
      put(name + ".weight", layer.linear[site.group].narrow(0, site.offset, site.out));
      if (HasBias(c, site.group))
        put(name + ".bias", layer.bias[site.group].narrow(0, site.offset, site.out));
    }
  }
  return tensors;
}

}  // namespace tuneward
