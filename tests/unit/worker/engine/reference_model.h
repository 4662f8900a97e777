// A model of tests/reference/peft, by its name there, as the decoder sees it.
#pragma once

#include <memory>
#include <string>

#include "core/base/file.h"
#include "worker/engine/adapter.h"
#include "worker/engine/decoder.h"
#include "worker/engine/weights.h"

namespace tuneward {

struct ReferenceModel {
  explicit ReferenceModel(const std::string& name, at::ScalarType type = at::kFloat)
      : folder(TUNEWARD_SOURCE_DIR "/tests/reference/peft/" + name + "/base"),
        config(ParseModelConfig(ReadFile(folder + "/config.json").value()).value()),
        weights(LoadWeights(config, folder, type, at::kCPU).value()),
        decoder(config, weights, at::kCPU) {}
  // A LoRA that is not at its start, so that A has a gradient, too.
  std::unique_ptr<Adapter> NewAdapter(const LoraSpec& lora, uint64_t seed) const {
    auto adapter = Adapter::Make(config, lora, seed, at::kCPU).value();
    for (const auto& [name, leaf] : adapter->Leaves()) leaf.add_(0.02).requires_grad_(true);
    return adapter;
  }
  std::string folder;
  ModelConfig config;
  Weights weights;
  Decoder decoder;
};

}  // namespace tuneward
