// When the CUDA kernels may be used for a tensor, and the kernels on tensors. Callers branch by
// `if constexpr (kCudaKernels)`: what they call is checked in every build and linked only into one
// with CUDA, where cuda_dispatch.cc is. Work is queued on the current stream of the tensors'
// device; a launch that fails throws c10::Error. Shapes as in norm.h, attention.h and lm_head.h.
#pragma once

#include <ATen/ATen.h>

namespace tuneward {

#ifdef TUNEWARD_CUDA
inline constexpr bool kCudaKernels = true;
#else
inline constexpr bool kCudaKernels = false;
#endif

inline bool UsesCudaKernels(const at::Tensor& x) {
  return kCudaKernels && x.is_cuda() && x.is_contiguous() &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

namespace cuda {

// The tensors of a call have one type; w may be fp32 beside bf16 ones. Undefined: no branch, no
// dsum. Results are written into the tensors that come last.
void AddRmsNorm(const at::Tensor& h_TD, const at::Tensor& branch_TD, const at::Tensor& w_D,
                double epsilon, const at::Tensor& sum_TD, const at::Tensor& y_TD,
                const at::Tensor& rstd_T1);
void RmsNormBackward(const at::Tensor& dy_TD, const at::Tensor& x_TD, const at::Tensor& w_D,
                     const at::Tensor& rstd_T1, const at::Tensor& dsum_TD, const at::Tensor& dx_TD);

void SwiGlu(const at::Tensor& gate_up_T2F, const at::Tensor& y_TF);
void SwiGluBackward(const at::Tensor& dy_TF, const at::Tensor& gate_up_T2F,
                    const at::Tensor& dgate_up_T2F);

// In place.
void Rope(const at::Tensor& qkv_TC, const at::Tensor& cos_TR, const at::Tensor& sin_TR,
          int64_t rotated_heads, int64_t head_dim, bool back);

// nll, and with `gradient` weight x (softmax - onehot(target)) in the logits' place.
void CrossEntropy(const at::Tensor& logits_CV, const at::Tensor& target_C,
                  const at::Tensor& weight_C, bool gradient, const at::Tensor& nll_C);

}  // namespace cuda
}  // namespace tuneward
