#include "worker/engine/trained.h"

#include <torch/csrc/autograd/grad_mode.h>

#include <cmath>

#include "worker/engine/grad_vec.h"

namespace tuneward {

using at::Tensor;

Trained::Trained(const Decoder& decoder, Adapter* adapter)
    : decoder_(decoder),
      adapter_(adapter),
      leaves_(adapter ? adapter->Leaves() : decoder.weights().Leaves()) {
  for (auto& [name, tensor] : leaves_) tensors_.push_back(tensor.requires_grad_(true));
}

Trained::~Trained() {
  for (Tensor& tensor : tensors_) tensor.requires_grad_(false);
}

bool Trained::AllFinite() const {
  const at::NoGradGuard no_grad;
  return std::isfinite(GradVec(tensors_).Norm());
}

TensorMap Trained::ToTensors() const {
  if (adapter_) return adapter_->ToTensors();
  TensorMap tensors;
  for (const auto& [name, tensor] : leaves_) tensors[name] = tensor.detach();
  return tensors;
}

absl::Status Trained::Restore(TensorMap tensors) {
  if (!adapter_) return CopyFrom(std::move(tensors));
  TW_ASSIGN_OR_RETURN(const auto saved,
                      Adapter::FromTensors(decoder_.config(), adapter_->spec(), std::move(tensors),
                                           decoder_.device()));
  const at::NoGradGuard no_grad;
  const Leaves from = saved->Leaves();
  for (size_t i = 0; i < tensors_.size(); ++i) tensors_[i].copy_(from[i].second);
  return absl::OkStatus();
}

TensorMap Trained::Copy() const {
  TensorMap tensors;
  for (const auto& [name, tensor] : leaves_) tensors[name] = tensor.detach().clone();
  return tensors;
}

absl::Status Trained::CopyFrom(TensorMap tensors) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : leaves_) {
    TW_ASSIGN_OR_RETURN(const Tensor from, TakeTensor(tensors, name, tensor.sizes(),
                                                      tensor.scalar_type(), tensor.device()));
    tensor.copy_(from);
  }
  if (!tensors.empty())
    return absl::InvalidArgumentError("checkpoint: tensor '" + tensors.begin()->first +
                                      "' belongs to no parameter of this model");
  return absl::OkStatus();
}

}  // namespace tuneward
