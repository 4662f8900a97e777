#include "worker/engine/peft.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "worker/engine/adapter_config.h"

namespace tuneward {
namespace {

constexpr size_t kMaxConfigBytes = 1 << 20;

absl::Status In(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", std::string(status.message())));
}

}  // namespace

absl::Status WriteAdapter(const Adapter& adapter, const std::string& folder) {
  TW_ASSIGN_OR_RETURN(const Adapter::Plain plain, adapter.Fold());
  TW_RETURN_IF_ERROR(MakeFolders(folder));
  TW_RETURN_IF_ERROR(WriteFileAtomic(absl::StrCat(folder, "/", kAdapterConfigFile),
                                     AdapterConfigJson(plain.spec)));
  return SaveTensors(absl::StrCat(folder, "/", kAdapterTensorFile), plain.tensors);
}

absl::StatusOr<std::unique_ptr<Adapter>> ReadAdapter(const std::string& folder,
                                                     const ModelConfig& model, at::Device device) {
  const std::string config_path = absl::StrCat(folder, "/", kAdapterConfigFile);
  TW_ASSIGN_OR_RETURN(const std::string text, ReadFile(config_path, kMaxConfigBytes));
  const auto config = ParseAdapterConfig(text);
  if (!config.ok()) return In(config_path, config.status());
  const std::string tensor_path = absl::StrCat(folder, "/", kAdapterTensorFile);
  TW_ASSIGN_OR_RETURN(TensorMap tensors, LoadTensors(tensor_path));
  std::set<std::string> names;
  for (const auto& [name, tensor] : tensors) names.insert(name);
  const auto spec = ResolveTargets(*config, model, names);
  if (!spec.ok()) return In(config_path, spec.status());
  auto adapter = Adapter::FromTensors(model, *spec, std::move(tensors), device);
  if (!adapter.ok()) return In(tensor_path, adapter.status());
  return adapter;
}

}  // namespace tuneward
