// Where a model's weights come from: a folder's mapped files, tensors in memory, or random numbers.
// A source hands each tensor out once, either whole or into its place in a fused matrix, so that a
// load needs the weights themselves and no second copy of them. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <ATen/ATen.h>

#include "core/base/status.h"
#include "worker/engine/tensor_io.h"

namespace tuneward {

class WeightSource {
 public:
  virtual ~WeightSource() = default;
  // The tensor as a weight of its own, in the model's type and on its device.
  virtual absl::StatusOr<at::Tensor> Whole(const std::string& name, at::IntArrayRef shape) = 0;
  // Copies the tensor, which must have `to`'s shape, into `to`.
  virtual absl::Status Into(const std::string& name, at::Tensor to) = 0;
  // The tensors that were not handed out, each with what a message about it begins with.
  virtual std::map<std::string, std::string> Left() const = 0;
};

// Tensors of the model's type at an address where torch could have put them (64 bytes; on a lesser
// one the CPU's library may take other kernels, and bits would depend on the file's layout) are
// used where they lie in the mapping. All others are copied, and the mapping's pages are given back
// behind the copy. Every value is checked to be finite.
absl::StatusOr<std::unique_ptr<WeightSource>> FolderSource(const std::string& folder,
                                                           at::TensorOptions options);
std::unique_ptr<WeightSource> MapSource(TensorMap tensors, at::TensorOptions options);
// Matrices normal with std 0.02 from stream `init/<tensor>`; norms `norm`, biases 0.
std::unique_ptr<WeightSource> FreshSource(uint64_t seed, double norm, at::TensorOptions options);

}  // namespace tuneward
