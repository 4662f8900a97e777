// Adapter folders in PEFT's layout: adapter_config.json (adapter_config.h says what is read) and
// adapter_model.safetensors. Errors begin with the file.
#pragma once

#include <memory>
#include <string>

#include "worker/engine/adapter.h"

namespace tuneward {

// Both files, each atomically. The folder is made when it is not there.
absl::Status WriteAdapter(const Adapter& adapter, const std::string& folder);
absl::StatusOr<std::unique_ptr<Adapter>> ReadAdapter(const std::string& folder,
                                                     const ModelConfig& config, at::Device device);

inline constexpr char kAdapterConfigFile[] = "adapter_config.json";
inline constexpr char kAdapterTensorFile[] = "adapter_model.safetensors";

}  // namespace tuneward
