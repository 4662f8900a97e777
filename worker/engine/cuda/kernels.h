// The fused loops of cpu_kernels.h on an NVIDIA GPU, on device memory and without torch. T is float
// or __nv_bfloat16; arithmetic is fp32 and a result is rounded once. Work is queued on `stream` and
// nothing waits for it; what is returned is the launch's own error. A row is summed in one fixed
// order, so equal inputs give equal bits. Safe from any thread whose current device owns the
// memory. Shapes as in cpu_kernels.h.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime_api.h>

#include <cstdint>

namespace tuneward::cuda {

// sum = h + branch (branch null: sum is not written), y = sum * rstd * w. W is T, or float beside
// bf16 rows.
template <typename T, typename W>
cudaError_t AddRmsNorm(const T* h, const T* branch, const W* w, float epsilon, int64_t rows,
                       int64_t d, T* sum, T* y, float* rstd, cudaStream_t stream);
// dx = gradient through the norm, plus `dsum` where that is not null.
template <typename T, typename W>
cudaError_t RmsNormBackward(const T* dy, const T* x, const W* w, const float* rstd, const T* dsum,
                            int64_t rows, int64_t d, T* dx, cudaStream_t stream);

// [gate, up] rows of 2F -> F.
template <typename T>
cudaError_t SwiGlu(const T* gate_up, int64_t rows, int64_t f, T* y, cudaStream_t stream);
template <typename T>
cudaError_t SwiGluBackward(const T* dy, const T* gate_up, int64_t rows, int64_t f, T* dgate_up,
                           cudaStream_t stream);

// Turns the first `heads` heads of each row of `width` in place; sin is negated for the way back.
template <typename T>
cudaError_t Rope(T* x, int64_t rows, int64_t width, int64_t heads, int64_t head_dim,
                 const float* cos, const float* sin, bool back, cudaStream_t stream);

// Logits become weight * (softmax - onehot(target)) when `gradient`; nll is written either way.
template <typename T>
cudaError_t CrossEntropy(T* logits, int64_t rows, int64_t v, const int64_t* target,
                         const float* weight, bool gradient, float* nll, cudaStream_t stream);

}  // namespace tuneward::cuda
