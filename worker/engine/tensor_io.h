// Tensors in and out of safetensors files. Loaded values are checked to be finite; files are
// written to a temporary name, synced and renamed.
#pragma once

#include <map>
#include <string>

#include <ATen/ATen.h>

#include "core/base/status.h"
#include "core/model/model_files.h"

namespace tuneward {

using TensorMap = std::map<std::string, at::Tensor>;

at::ScalarType TypeOf(const TensorSpan& span);
// The tensor where it lies, in the file's type; keeps the file mapped.
at::Tensor ViewOf(const StoredTensor& stored);

// On the CPU, in the file's type. Errors begin with the path.
absl::StatusOr<TensorMap> LoadTensors(const std::string& path);
// fp32 and bf16 tensors of any device.
absl::Status SaveTensors(const std::string& path, const TensorMap& tensors);

// The tensor `name` of `tensors` with exactly this shape, as `dtype` on `device`; it is removed
// from the map.
absl::StatusOr<at::Tensor> TakeTensor(TensorMap& tensors, const std::string& name,
                                      at::IntArrayRef shape, at::ScalarType dtype,
                                      at::Device device);

}  // namespace tuneward
