#include "worker/engine/adapter.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "worker/engine/adapter_config.h"

namespace tuneward {
namespace {

using at::Tensor;

Tensor InitA(const std::string& module, int64_t rank, int64_t in, uint64_t seed) {
  Tensor a = at::empty({rank, in}, at::kFloat);
  RandomStream stream(seed, "lora_init/" + module);
  // Kaiming-uniform with a = sqrt 5: gain sqrt(1/3), bound = gain * sqrt(3 / in) = 1 / sqrt(in).
  const float bound = static_cast<float>(1 / std::sqrt(static_cast<double>(in)));
  float* out = a.data_ptr<float>();
  for (int64_t i = 0; i < rank * in; ++i) out[i] = (2 * stream.Uniform() - 1) * bound;
  return a;
}

struct Pair {
  Tensor a_rI, b_Or;
};

// Lays the pairs that `make` gives for each targeted linear into the decoder's groups.
absl::StatusOr<std::vector<LayerLora>> BuildLayers(
    const ModelConfig& config, const LoraSpec& spec, at::Device device,
    const std::function<absl::StatusOr<Pair>(int64_t, const LinearSite&)>& make) {
  const std::set<std::string> targets(spec.targets.begin(), spec.targets.end());
  std::vector<LayerLora> layers(config.layers);
  for (int64_t l = 0; l < config.layers; ++l) {
    std::array<std::vector<Tensor>, kGroups> a;
    for (const LinearSite& site : LinearSites(config)) {
      if (!targets.contains(site.name)) continue;
      TW_ASSIGN_OR_RETURN(Pair pair, make(l, site));
      a[site.group].push_back(pair.a_rI);
      GroupLora& lora = layers[l][site.group];
      lora.scale = LoraScale(spec);
      lora.parts.push_back({site.offset, site.out, pair.b_Or.to(device)});
    }
    for (int g = 0; g < kGroups; ++g)
      if (!a[g].empty()) layers[l][g].a_KI = at::cat(a[g]).to(device);
  }
  return layers;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Adapter>> Adapter::Make(const ModelConfig& config,
                                                       const LoraSpec& spec, uint64_t seed,
                                                       at::Device device) {
  TW_RETURN_IF_ERROR(CheckLoraSpec(spec));
  for (const LinearSite& site : LinearSites(config))
    if (std::count(spec.targets.begin(), spec.targets.end(), site.name) > 0 &&
        spec.rank > std::min(site.out, site.in))
      return absl::InvalidArgumentError(absl::StrCat(
          "rank must be at most ", std::min(site.out, site.in), ", the smaller side of ", site.name,
          " (", site.out, " x ", site.in, "), got ", spec.rank));
  std::unique_ptr<Adapter> adapter(new Adapter(config, spec));
  TW_ASSIGN_OR_RETURN(adapter->layers_,
                      BuildLayers(config, spec, device,
                                  [&](int64_t l, const LinearSite& site) -> absl::StatusOr<Pair> {
                                    return Pair{
                                        InitA(ModuleName(l, site), spec.rank, site.in, seed),
                                        at::zeros({site.out, spec.rank}, at::kFloat)};
                                  }));
  return adapter;
}

absl::StatusOr<std::unique_ptr<Adapter>> Adapter::FromTensors(const ModelConfig& config,
                                                              const LoraSpec& spec,
                                                              TensorMap tensors,
                                                              at::Device device) {
  TW_RETURN_IF_ERROR(CheckLoraSpec(spec));
  std::unique_ptr<Adapter> adapter(new Adapter(config, spec));
  const at::Device cpu(at::kCPU);
  TW_ASSIGN_OR_RETURN(
      adapter->layers_,
      BuildLayers(
          config, spec, device, [&](int64_t l, const LinearSite& site) -> absl::StatusOr<Pair> {
            Pair pair;
            TW_ASSIGN_OR_RETURN(pair.a_rI, TakeTensor(tensors, PeftName(l, site, "A"),
                                                      {spec.rank, site.in}, at::kFloat, cpu));
            TW_ASSIGN_OR_RETURN(pair.b_Or, TakeTensor(tensors, PeftName(l, site, "B"),
                                                      {site.out, spec.rank}, at::kFloat, cpu));
            return pair;
          }));
  if (!tensors.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("tensor '", tensors.begin()->first, "' belongs to no target of this adapter"));
  return adapter;
}

std::vector<std::pair<std::string, Tensor>> Adapter::Leaves() const {
  static constexpr const char* kNames[kGroups] = {"qkv", "o", "gate_up", "down"};
  std::vector<std::pair<std::string, Tensor>> leaves;
  for (size_t l = 0; l < layers_.size(); ++l)
    for (int g = 0; g < kGroups; ++g) {
      const GroupLora& lora = layers_[l][g];
      if (lora.empty()) continue;
      const std::string prefix = absl::StrCat("layers.", l, ".", kNames[g], ".");
      leaves.emplace_back(prefix + "a", lora.a_KI);
      for (size_t i = 0; i < lora.parts.size(); ++i)
        leaves.emplace_back(absl::StrCat(prefix, "b", i), lora.parts[i].b_Wr);
    }
  return leaves;
}

TensorMap Adapter::ToTensors() const {
  TensorMap tensors;
  for (size_t l = 0; l < layers_.size(); ++l)
    for (const LinearSite& site : LinearSites(config_)) {
      const GroupLora& lora = layers_[l][site.group];
      for (size_t i = 0; i < lora.parts.size(); ++i) {
        if (lora.parts[i].offset != site.offset) continue;
        const int64_t layer = static_cast<int64_t>(l);
        tensors[PeftName(layer, site, "A")] =
            lora.a_KI.detach().narrow(0, static_cast<int64_t>(i) * spec_.rank, spec_.rank);
        tensors[PeftName(layer, site, "B")] = lora.parts[i].b_Wr.detach();
      }
    }
  return tensors;
}

}  // namespace tuneward
