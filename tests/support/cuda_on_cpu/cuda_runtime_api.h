// As much of CUDA's host interface as the kernels and their tests use, over plain memory, so that
// the same kernel sources run where there is no GPU (fibers.h). One thread at a time; "device"
// memory is the heap's. Found before the toolkit's header of this name by targets that ask for it.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3() = default;
  explicit dim3(unsigned x, unsigned y = 1) : x(x), y(y) {}
};

enum cudaError_t { cudaSuccess = 0, cudaErrorMemoryAllocation = 2 };
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2 };
using cudaStream_t = struct TwFakeStream*;

inline const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaSuccess ? "no error" : "out of memory";
}
inline cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
// Rounded up to whole blocks of 64, at an address that wide loads need.
inline cudaError_t cudaMalloc(void** to, size_t bytes) {
  *to = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  return *to != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}
inline cudaError_t cudaFree(void* memory) {
  std::free(memory);
  return cudaSuccess;
}
inline cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind) {
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}
inline cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
