// What a training changes: an adapter's A and B, or the base's own weights. Its leaves take
// gradients for as long as this lives. Borrows the decoder and the adapter. One thread.
#pragma once

#include <vector>

#include "worker/engine/decoder.h"
#include "worker/engine/optimizer.h"

namespace tuneward {

class Trained {
 public:
  Trained(const Decoder& decoder, Adapter* adapter);  // adapter null: the decoder's weights
  ~Trained();
  Trained(const Trained&) = delete;
  Trained& operator=(const Trained&) = delete;

  const Leaves& leaves() const { return leaves_; }
  const std::vector<at::Tensor>& tensors() const { return tensors_; }
  bool AllFinite() const;

  // As a checkpoint keeps it: an adapter under PEFT's names, weights under the leaves' names.
  TensorMap ToTensors() const;
  absl::Status Restore(TensorMap tensors);

  // By the leaves' names, on their device: a copy, and back from it.
  TensorMap Copy() const;
  absl::Status CopyFrom(TensorMap tensors);

 private:
  const Decoder& decoder_;
  Adapter* adapter_;
  Leaves leaves_;
  std::vector<at::Tensor> tensors_;
};

}  // namespace tuneward
