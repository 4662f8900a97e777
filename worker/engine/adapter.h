// LoRA weights in memory, grouped as the decoder runs its linears, and their PEFT names. A new
// adapter's A is Kaiming-uniform(a = sqrt 5) from stream `lora_init/<module>`, B is 0.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/linear_site.h"
#include "core/model/model_config.h"
#include "worker/engine/engine.h"
#include "worker/engine/linear.h"
#include "worker/engine/tensor_io.h"

namespace tuneward {

using LayerLora = std::array<GroupLora, kGroups>;

class Adapter {
 public:
  // INVALID_ARGUMENT on an unknown target or a value out of range.
  static absl::StatusOr<std::unique_ptr<Adapter>> Make(const ModelConfig& config,
                                                       const LoraSpec& spec, uint64_t seed,
                                                       at::Device device);
  // From tensors under PEFT's names; every expected one must be there and no other.
  static absl::StatusOr<std::unique_ptr<Adapter>> FromTensors(const ModelConfig& config,
                                                              const LoraSpec& spec,
                                                              TensorMap tensors, at::Device device);
  const LoraSpec& spec() const { return spec_; }
  // Which adapter of its base model this is, from 1 on: given by the model that loaded it and never
  // again to another, so what was computed with it can be known by it. 0: nobody loaded it.
  uint64_t id() const { return id_; }
  void set_id(uint64_t id) { id_ = id; }
  const LayerLora& layer(int64_t i) const { return layers_[i]; }
  // The leaves in a fixed order, with names for the optimiser's file.
  std::vector<std::pair<std::string, at::Tensor>> Leaves() const;
  TensorMap ToTensors() const;  // A and B under PEFT's names, fp32

  // Fixed factors (fixed_factor.h) for a group: one left factor a part (undefined: identity) and a
  // right one. INVALID_ARGUMENT with the shape that would be right.
  absl::Status Fix(int64_t layer, Group group, std::vector<at::Tensor> left_WW,
                   at::Tensor right_II);
  // Takes the product of every group as it is now out of the weights it sees from here on, so that
  // the model stays what `base_OI` (each layer's weights by group) alone computes.
  using LayerBases = std::vector<std::array<at::Tensor, kGroups>>;
  void TakeOutInitial(const LayerBases& base_OI);

  // The same function as plain LoRA, as PEFT knows it: L B and A R; with an initial product taken
  // out twice the rank.
  struct Plain {
    LoraSpec spec;
    TensorMap tensors;
  };
  absl::StatusOr<Plain> Fold() const;

 private:
  Adapter(const ModelConfig& config, const LoraSpec& spec) : config_(config), spec_(spec) {}
  ModelConfig config_;
  LoraSpec spec_;
  uint64_t id_ = 0;
  std::vector<LayerLora> layers_;
};

}  // namespace tuneward
