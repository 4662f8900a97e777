// Soft-max cross-entropy of a chunk of logits, one block a row: largest logit and sum of
// exponentials in one pass, then the gradient in place in a second.
#include <cfloat>

#include "worker/engine/cuda/kernels.h"
#include "worker/engine/cuda/row_loop.h"

namespace tuneward::cuda {
namespace {

// `sum` is that of exp(x - top). The maximum passes over a NaN, the sum carries it. Nothing yet:
// top is finite, because infinity less infinity would be a NaN of our own.
struct TopSum {
  float top = -FLT_MAX, sum = 0;
};

__device__ inline TopSum Join(const TopSum& a, const TopSum& b) {
  TopSum out;
  out.top = fmaxf(a.top, b.top);
  out.sum = a.sum * expf(a.top - out.top) + b.sum * expf(b.top - out.top);
  return out;
}

// Over the block, in every thread of it; once a kernel.
__device__ inline TopSum BlockJoin(TopSum x) {
  __shared__ float tops[kThreads / kWarp], sums[kThreads / kWarp];
  for (int step = kWarp / 2; step > 0; step /= 2) {
    TopSum other;
    other.top = __shfl_xor_sync(0xffffffffu, x.top, step);
    other.sum = __shfl_xor_sync(0xffffffffu, x.sum, step);
    x = Join(x, other);
  }
  if (threadIdx.x % kWarp == 0) {
    tops[threadIdx.x / kWarp] = x.top;
    sums[threadIdx.x / kWarp] = x.sum;
  }
  __syncthreads();
  TopSum all;
  for (int i = 0; i < kThreads / kWarp; ++i) {
    TopSum part;
    part.top = tops[i];
    part.sum = sums[i];
    all = Join(all, part);
  }
  return all;
}

template <int N, typename T>
__global__ void CrossEntropyRow(T* logits, int v, const int64_t* target, const float* weight,
                                bool gradient, float* nll) {
  T* row = logits + static_cast<int64_t>(blockIdx.x) * v;
  const int right = static_cast<int>(target[blockIdx.x]);
  const float right_logit = ToFloat(row[right]);  // read by all before anyone writes
  TopSum mine;
  for (int i = threadIdx.x * N; i < v; i += kThreads * N) {
    float x[N];
    Load(row + i, x);
    TopSum part;
    for (int j = 0; j < N; ++j) part.top = fmaxf(part.top, x[j]);
    for (int j = 0; j < N; ++j) part.sum += expf(x[j] - part.top);
    mine = Join(mine, part);
  }
  const TopSum all = BlockJoin(mine);
  if (threadIdx.x == 0) nll[blockIdx.x] = logf(all.sum) + all.top - right_logit;
  if (!gradient) return;
  const float scale = weight[blockIdx.x], factor = scale / all.sum;
  for (int i = threadIdx.x * N; i < v; i += kThreads * N) {
    float x[N];
    Load(row + i, x);
    for (int j = 0; j < N; ++j)
      x[j] = factor * expf(x[j] - all.top) - (i + j == right ? scale : 0.0f);
    Store(x, row + i);
  }
}

}  // namespace

template <typename T>
cudaError_t CrossEntropy(T* logits, int64_t rows, int64_t v, const int64_t* target,
                         const float* weight, bool gradient, float* nll, cudaStream_t stream) {
  const bool wide = v % kWide<T> == 0 && Aligned(logits);
  return Launch(wide ? CrossEntropyRow<kWide<T>, T> : CrossEntropyRow<1, T>, rows, 1, stream,
                logits, static_cast<int>(v), target, weight, gradient, nll);
}

#define TW_INSTANTIATE(T)                                                                     \
  template cudaError_t CrossEntropy(T*, int64_t, int64_t, const int64_t*, const float*, bool, \
                                    float*, cudaStream_t)
TW_INSTANTIATE(float);
TW_INSTANTIATE(__nv_bfloat16);

}  // namespace tuneward::cuda
