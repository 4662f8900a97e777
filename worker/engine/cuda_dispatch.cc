#include "worker/engine/cuda_dispatch.h"

#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <type_traits>

#include "worker/engine/cuda/kernels.h"

namespace tuneward::cuda {
namespace {

using at::Tensor;

// Null for an undefined tensor.
template <typename T>
T* Data(const Tensor& x) {
  if (!x.defined()) return nullptr;
  if constexpr (std::is_same_v<std::remove_const_t<T>, __nv_bfloat16>)
    return reinterpret_cast<__nv_bfloat16*>(x.data_ptr<at::BFloat16>());
  else
    return x.data_ptr<std::remove_const_t<T>>();
}

// Calls kernel(T{}, stream) for the type of `x`, on its device.
template <typename Kernel>
void Queue(const Tensor& x, const Kernel& kernel) {
  const c10::cuda::CUDAGuard guard(x.device());
  const cudaStream_t stream = c10::cuda::getCurrentCUDAStream().stream();
  C10_CUDA_CHECK(x.scalar_type() == at::kFloat ? kernel(float{}, stream)
                                               : kernel(__nv_bfloat16{}, stream));
}

// The same with kernel(T{}, W{}, stream) and the type of the norm's weight.
template <typename Kernel>
void QueueNorm(const Tensor& x, const Tensor& w, const Kernel& kernel) {
  Queue(x, [&](auto value, cudaStream_t stream) {
    return w.scalar_type() == at::kFloat ? kernel(value, float{}, stream)
                                         : kernel(value, value, stream);
  });
}

}  // namespace

void AddRmsNorm(const Tensor& h_TD, const Tensor& branch_TD, const Tensor& w_D, double epsilon,
                const Tensor& sum_TD, const Tensor& y_TD, const Tensor& rstd_T1) {
  QueueNorm(h_TD, w_D, [&](auto value, auto weight, cudaStream_t stream) {
    using T = decltype(value);
    return AddRmsNorm(Data<const T>(h_TD), Data<const T>(branch_TD),
                      Data<const decltype(weight)>(w_D), static_cast<float>(epsilon), h_TD.size(0),
                      h_TD.size(1), Data<T>(sum_TD), Data<T>(y_TD), Data<float>(rstd_T1), stream);
  });
}

void RmsNormBackward(const Tensor& dy_TD, const Tensor& x_TD, const Tensor& w_D,
                     const Tensor& rstd_T1, const Tensor& dsum_TD, const Tensor& dx_TD) {
  QueueNorm(x_TD, w_D, [&](auto value, auto weight, cudaStream_t stream) {
    using T = decltype(value);
    return RmsNormBackward(Data<const T>(dy_TD), Data<const T>(x_TD),
                           Data<const decltype(weight)>(w_D), Data<const float>(rstd_T1),
                           Data<const T>(dsum_TD), x_TD.size(0), x_TD.size(1), Data<T>(dx_TD),
                           stream);
  });
}

void SwiGlu(const Tensor& gate_up_T2F, const Tensor& y_TF) {
  Queue(y_TF, [&](auto value, cudaStream_t stream) {
    using T = decltype(value);
    return SwiGlu(Data<const T>(gate_up_T2F), y_TF.size(0), y_TF.size(1), Data<T>(y_TF), stream);
  });
}

void SwiGluBackward(const Tensor& dy_TF, const Tensor& gate_up_T2F, const Tensor& dgate_up_T2F) {
  Queue(dy_TF, [&](auto value, cudaStream_t stream) {
    using T = decltype(value);
    return SwiGluBackward(Data<const T>(dy_TF), Data<const T>(gate_up_T2F), dy_TF.size(0),
                          dy_TF.size(1), Data<T>(dgate_up_T2F), stream);
  });
}

void Rope(const Tensor& qkv_TC, const Tensor& cos_TR, const Tensor& sin_TR, int64_t rotated_heads,
          int64_t head_dim, bool back) {
  Queue(qkv_TC, [&](auto value, cudaStream_t stream) {
    return Rope(Data<decltype(value)>(qkv_TC), qkv_TC.size(0), qkv_TC.size(1), rotated_heads,
                head_dim, Data<const float>(cos_TR), Data<const float>(sin_TR), back, stream);
  });
}

void CrossEntropy(const Tensor& logits_CV, const Tensor& target_C, const Tensor& weight_C,
                  bool gradient, const Tensor& nll_C) {
  Queue(logits_CV, [&](auto value, cudaStream_t stream) {
    return CrossEntropy(Data<decltype(value)>(logits_CV), logits_CV.size(0), logits_CV.size(1),
                        Data<const int64_t>(target_C), Data<const float>(weight_C), gradient,
                        Data<float>(nll_C), stream);
  });
}

}  // namespace tuneward::cuda
