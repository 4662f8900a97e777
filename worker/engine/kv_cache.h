// Keys and values of a batch of rows, one contiguous block a layer. Shapes: S slots (one a running
// row, kept when rows beside it end), L places a slot, B rows still running, W = K * E channels of
// all key-value heads.
#pragma once

#include <vector>

#include <ATen/ATen.h>

#include "core/model/model_config.h"

namespace tuneward {

class KvCache {
 public:
  KvCache(const ModelConfig& config, at::TensorOptions options);

  // At least so many slots and places a slot; what is stored stays (and moves).
  void Reserve(int64_t slots, int64_t places);
  int64_t slots() const { return slots_; }
  int64_t places() const { return places_; }
  // Stores k and v of `qkv` (after the rotary turn) at flat places slot * L + position.
  void Put(int64_t layer, const at::Tensor& qkv_TC, const at::Tensor& place_T);
  // One query a row against the first `length` places of its slot, as far as the layer's window
  // goes: [B, C] -> [B, H * E].
  at::Tensor Attend(int64_t layer, const at::Tensor& qkv_BC, const at::Tensor& slot_B,
                    const at::Tensor& length_B, int64_t longest) const;

  static int64_t BytesPerPlace(const ModelConfig& config, at::ScalarType type);

 private:
  at::Tensor AttendOnCpu(int64_t layer, const at::Tensor& qkv_BC, const at::Tensor& slot_B,
                         const at::Tensor& length_B, int64_t longest) const;

  ModelConfig config_;
  at::TensorOptions options_;
  int64_t slots_ = 0, places_ = 0;
  std::vector<at::Tensor> keys_SLW_, values_SLW_;
};

}  // namespace tuneward
