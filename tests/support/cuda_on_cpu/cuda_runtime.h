// CUDA's device side on one CPU thread: a launch runs block after block, the threads of a block as
// fibers that change places where they wait for each other (fibers.h). Shared memory is static, as
// one block runs at a time.
#pragma once

#include <math.h>  // expf and its like outside std, as in CUDA

#include "tests/support/cuda_on_cpu/cuda_runtime_api.h"
#include "tests/support/cuda_on_cpu/fibers.h"

#define __global__
#define __device__
#define __shared__ static

inline dim3 blockIdx, threadIdx;

inline void __syncthreads() { tuneward::fibers::Wait(); }

inline float __shfl_xor_sync(unsigned, float x, int step) {
  static float given[1024];
  given[threadIdx.x] = x;
  tuneward::fibers::Wait();
  const float taken = given[threadIdx.x ^ static_cast<unsigned>(step)];
  tuneward::fibers::Wait();
  return taken;
}

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  cudaStream_t stream = nullptr;
};

template <typename... Params, typename... Args>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Params...),
                               Args... args) {
  for (unsigned y = 0; y < config->gridDim.y; ++y)
    for (unsigned x = 0; x < config->gridDim.x; ++x) {
      blockIdx = dim3(x, y);
      tuneward::fibers::Run(
          static_cast<int>(config->blockDim.x),
          [&](int thread) { threadIdx = dim3(static_cast<unsigned>(thread)); },
          [&] { kernel(args...); });
    }
  return cudaSuccess;
}
