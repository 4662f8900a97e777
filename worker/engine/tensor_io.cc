#include "worker/engine/tensor_io.h"

#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/model/safetensors.h"

namespace tuneward {

at::ScalarType TypeOf(const TensorSpan& span) {
  switch (span.dtype) {
    case DType::kFloat32:
      return at::kFloat;
    case DType::kBFloat16:
      return at::kBFloat16;
    case DType::kFloat16:
      break;
  }
  return at::kHalf;
}

at::Tensor ViewOf(const StoredTensor& stored) {
  const at::ScalarType type = TypeOf(stored.span);
  void* data = const_cast<char*>(stored.span.bytes.data());
  if (reinterpret_cast<uintptr_t>(data) % c10::elementSize(type) != 0) {  // an odd header
    at::Tensor copy = at::empty(stored.span.shape, type);
    std::memcpy(copy.data_ptr(), data, stored.span.bytes.size());
    return copy;
  }
  return at::from_blob(
      data, stored.span.shape, [file = stored.file](void*) {}, type);
}

absl::StatusOr<TensorMap> LoadTensors(const std::string& path) {
  TW_ASSIGN_OR_RETURN(const StoredTensors stored, MapTensors(path));
  TensorMap tensors;
  for (const auto& [name, one] : stored) {
    TW_RETURN_IF_ERROR(CheckFinite(one, name));
    at::Tensor tensor = at::empty(one.span.shape, TypeOf(one.span));
    std::memcpy(tensor.data_ptr(), one.span.bytes.data(), one.span.bytes.size());
    tensors.emplace(name, std::move(tensor));
  }
  return tensors;
}

absl::Status SaveTensors(const std::string& path, const TensorMap& tensors) {
  std::vector<at::Tensor> kept;  // what the spans point into
  TensorSpans spans;
  for (const auto& [name, tensor] : tensors) {
    kept.push_back(tensor.detach().cpu().contiguous());
    const at::Tensor& data = kept.back();
    TW_CHECK(data.scalar_type() == at::kFloat || data.scalar_type() == at::kBFloat16);
    TensorSpan span;
    span.dtype = data.scalar_type() == at::kFloat ? DType::kFloat32 : DType::kBFloat16;
    span.shape = data.sizes().vec();
    span.bytes = {static_cast<const char*>(data.data_ptr()), data.nbytes()};
    spans.emplace(name, std::move(span));
  }
  return WriteFileAtomic(path, SerializeSafetensors(spans));
}

absl::StatusOr<at::Tensor> TakeTensor(TensorMap& tensors, const std::string& name,
                                      at::IntArrayRef shape, at::ScalarType dtype,
                                      at::Device device) {
  const auto it = tensors.find(name);
  if (it == tensors.end())
    return absl::InvalidArgumentError(absl::StrCat("tensor '", name, "' is missing"));
  const at::Tensor tensor = it->second;
  tensors.erase(it);
  if (tensor.sizes() != shape)
    return absl::InvalidArgumentError(absl::StrCat("tensor '", name, "' must have shape ",
                                                   ShapeText(shape), ", got ",
                                                   ShapeText(tensor.sizes())));
  return tensor.to(at::TensorOptions().dtype(dtype).device(device));
}

}  // namespace tuneward
