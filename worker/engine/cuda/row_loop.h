// What the kernels share: 16-byte loads and stores that convert to fp32 and back, sums over a block
// in a fixed order, and the launch of one block a row. For .cu files alone.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace tuneward::cuda {

constexpr int kThreads = 256;  // of every block
constexpr int kWarp = 32;

// Elements that a thread moves at once where rows and pointers allow it.
template <typename T>
constexpr int kWide = 16 / static_cast<int>(sizeof(T));

template <typename T, int N>
struct alignas(sizeof(T) * N < 16 ? sizeof(T) * N : 16) Pack {
  T v[N];
};

__device__ inline float ToFloat(float x) { return x; }
__device__ inline float ToFloat(__nv_bfloat16 x) { return __bfloat162float(x); }

__device__ inline void Round(float x, float& to) { to = x; }
__device__ inline void Round(float x, __nv_bfloat16& to) { to = __float2bfloat16(x); }

template <int N, typename T>
__device__ inline void Load(const T* from, float (&to)[N]) {
  const Pack<T, N> pack = *reinterpret_cast<const Pack<T, N>*>(from);
  for (int i = 0; i < N; ++i) to[i] = ToFloat(pack.v[i]);
}

template <int N, typename T>
__device__ inline void Store(const float (&from)[N], T* to) {
  Pack<T, N> pack;
  for (int i = 0; i < N; ++i) Round(from[i], pack.v[i]);
  *reinterpret_cast<Pack<T, N>*>(to) = pack;
}

// As it will be read again from memory of type T.
template <typename T>
__device__ inline float Rounded(float x) {
  T stored;
  Round(x, stored);
  return ToFloat(stored);
}

// The sum over the block, in every thread of it, always in the same order.
__device__ inline float BlockSum(float x) {
  __shared__ float parts[kThreads / kWarp];
  for (int step = kWarp / 2; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
  __syncthreads();  // the parts of an earlier sum have been read
  if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = x;
  __syncthreads();
  float sum = 0;
  for (int i = 0; i < kThreads / kWarp; ++i) sum += parts[i];
  return sum;
}

template <typename... P>
bool Aligned(const P*... pointers) {
  return ((reinterpret_cast<uintptr_t>(pointers) | ...) % 16) == 0;
}

// `rows` blocks, times `columns` where a row is cut.
template <typename... Params, typename... Args>
cudaError_t Launch(void (*kernel)(Params...), int64_t rows, int64_t columns, cudaStream_t stream,
                   Args... args) {
  if (rows == 0 || columns == 0) return cudaSuccess;
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>(rows), static_cast<unsigned>(columns));
  config.blockDim = dim3(kThreads);
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, static_cast<Params>(args)...);
}

}  // namespace tuneward::cuda
