// When the fused CPU kernels may be used for a tensor, and how they see its memory.
#pragma once

#include <ATen/ATen.h>

#include <type_traits>

#include "worker/engine/cpu_kernels.h"

namespace tuneward {

inline bool UsesCpuKernels(const at::Tensor& x) {
  static const bool kSupported = cpu::Supported();
  return kSupported && x.is_cpu() && x.is_contiguous() &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

template <typename Value = float>
Value* Data(const at::Tensor& x) {
  if constexpr (std::is_same_v<Value, cpu::Bf16>)
    return reinterpret_cast<cpu::Bf16*>(x.data_ptr<at::BFloat16>());
  else
    return x.data_ptr<float>();
}

// Calls body(Value{}) for the type of `x`: float or Bf16.
template <typename Body>
void WithValueOf(const at::Tensor& x, const Body& body) {
  if (x.scalar_type() == at::kFloat)
    body(float{});
  else
    body(cpu::Bf16{});
}

}  // namespace tuneward
