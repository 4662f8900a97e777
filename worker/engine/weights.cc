#include "worker/engine/weights.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "worker/engine/weight_source.h"

namespace tuneward {
namespace {

using at::Tensor;

std::string LayerName(int64_t layer, const char* rest) {
  return absl::StrCat("model.layers.", layer, ".", rest, ".weight");
}

// Linears that share an input lie one below the other in one matrix; a single one is used as it is.
absl::Status BuildLinears(const ModelConfig& c, int64_t l, WeightSource& source,
                          at::TensorOptions options, LayerWeights& layer) {
  std::array<std::vector<LinearSite>, kGroups> groups;
  for (const LinearSite& site : LinearSites(c)) groups[site.group].push_back(site);
  for (int g = 0; g < kGroups; ++g) {
    const LinearSite &first = groups[g].front(), &last = groups[g].back();
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
  TW_ASSIGN_OR_RETURN(weights.embed_VD,
                      source.Whole("model.embed_tokens.weight", {c.vocab, c.hidden}));
  for (int64_t l = 0; l < c.layers; ++l) {
    LayerWeights layer;
    TW_ASSIGN_OR_RETURN(layer.attention_norm_D,
                        source.Whole(LayerName(l, "input_layernorm"), {c.hidden}));
    TW_ASSIGN_OR_RETURN(layer.mlp_norm_D,
                        source.Whole(LayerName(l, "post_attention_layernorm"), {c.hidden}));
    TW_RETURN_IF_ERROR(BuildLinears(c, l, source, options, layer));
    weights.layers.push_back(std::move(layer));
  }
  TW_ASSIGN_OR_RETURN(weights.norm_D, source.Whole("model.norm.weight", {c.hidden}));
  weights.head_VD = weights.embed_VD;
  if (!c.tied_embeddings) {
    TW_ASSIGN_OR_RETURN(weights.head_VD, source.Whole("lm_head.weight", {c.vocab, c.hidden}));
  }
  for (const auto& [name, where] : source.Left()) {
    // Old exports keep the rotary frequencies, and some keep a copy of tied embeddings.
    if (absl::EndsWith(name, "rotary_emb.inv_freq")) continue;
    if (c.tied_embeddings && name == "lm_head.weight") continue;
    return absl::InvalidArgumentError(
        absl::StrCat(where, "tensor '", name, "' is not part of this model"));
  }
  return weights;
}

}  // namespace

std::vector<std::pair<std::string, Tensor>> Weights::Leaves() const {
  std::vector<std::pair<std::string, Tensor>> leaves = {{"embed", embed_VD}};
  for (size_t l = 0; l < layers.size(); ++l) {
    const std::string prefix = absl::StrCat("layers.", l, ".");
    leaves.emplace_back(prefix + "attention_norm", layers[l].attention_norm_D);
    leaves.emplace_back(prefix + "mlp_norm", layers[l].mlp_norm_D);
    for (int g = 0; g < kGroups; ++g)
      leaves.emplace_back(absl::StrCat(prefix, "linear", g), layers[l].linear[g]);
  }
  leaves.emplace_back("norm", norm_D);
  if (!head_VD.is_same(embed_VD)) leaves.emplace_back("head", head_VD);
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
  return *Build(config, *FreshSource(seed, options), options);  // this source never fails
}

TensorMap WeightsToTensors(const ModelConfig& c, const Weights& weights, at::ScalarType dtype) {
  TensorMap tensors;
  const auto put = [&](const std::string& name, const Tensor& tensor) {
    tensors[name] = tensor.detach().to(dtype);
  };
  put("model.embed_tokens.weight", weights.embed_VD);
  put("model.norm.weight", weights.norm_D);
  if (!c.tied_embeddings) put("lm_head.weight", weights.head_VD);
  for (int64_t l = 0; l < c.layers; ++l) {
    const LayerWeights& layer = weights.layers[l];
    put(LayerName(l, "input_layernorm"), layer.attention_norm_D);
    put(LayerName(l, "post_attention_layernorm"), layer.mlp_norm_D);
    for (const LinearSite& site : LinearSites(c))
      put(ModuleName(l, site) + ".weight",
          layer.linear[site.group].narrow(0, site.offset, site.out));
  }
  return tensors;
}

}  // namespace tuneward
