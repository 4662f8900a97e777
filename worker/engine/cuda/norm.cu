// RMSNorm with the residual addition before it: one block a row, which is read from memory once
// and a second time from the cache.
#include "worker/engine/cuda/kernels.h"
#include "worker/engine/cuda/row_loop.h"

namespace tuneward::cuda {
namespace {

template <int N, typename T, typename W>
__global__ void NormRow(const T* h, const T* branch, const W* w, float epsilon, int d, T* sum, T* y,
                        float* rstd) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * d;
  const T* x = branch != nullptr ? sum : h;
  float squares = 0;
  for (int i = threadIdx.x * N; i < d; i += kThreads * N) {
    float a[N];
    Load(h + row + i, a);
    if (branch != nullptr) {
      float b[N];
      Load(branch + row + i, b);
      for (int j = 0; j < N; ++j) a[j] = Rounded<T>(a[j] + b[j]);
      Store(a, sum + row + i);
    }
    for (int j = 0; j < N; ++j) squares += a[j] * a[j];
  }
  const float r = 1.0f / sqrtf(BlockSum(squares) / static_cast<float>(d) + epsilon);
  if (threadIdx.x == 0) rstd[blockIdx.x] = r;
  // A thread reads the part of `sum` that it wrote itself.
  for (int i = threadIdx.x * N; i < d; i += kThreads * N) {
    float a[N], g[N];
    Load(x + row + i, a);
    Load(w + i, g);
    for (int j = 0; j < N; ++j) a[j] = a[j] * r * g[j];
    Store(a, y + row + i);
  }
}

template <int N, typename T, typename W>
__global__ void NormRowBackward(const T* dy, const T* x, const W* w, const float* rstd,
                                const T* dsum, int d, T* dx) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * d;
  float dots = 0;
  for (int i = threadIdx.x * N; i < d; i += kThreads * N) {
    float a[N], b[N], c[N];
    Load(dy + row + i, a);
    Load(x + row + i, b);
    Load(w + i, c);
    for (int j = 0; j < N; ++j) dots += a[j] * b[j] * c[j];
  }
  const float r = rstd[blockIdx.x];
  const float along = BlockSum(dots) * r * r * r / static_cast<float>(d);
  for (int i = threadIdx.x * N; i < d; i += kThreads * N) {
    float a[N], b[N], c[N];
    Load(dy + row + i, a);
    Load(x + row + i, b);
    Load(w + i, c);
    for (int j = 0; j < N; ++j) a[j] = a[j] * c[j] * r - b[j] * along;
    if (dsum != nullptr) {
      Load(dsum + row + i, b);
      for (int j = 0; j < N; ++j) a[j] += b[j];
    }
    Store(a, dx + row + i);
  }
}

}  // namespace

template <typename T, typename W>
cudaError_t AddRmsNorm(const T* h, const T* branch, const W* w, float epsilon, int64_t rows,
                       int64_t d, T* sum, T* y, float* rstd, cudaStream_t stream) {
  const bool wide = d % kWide<T> == 0 && Aligned(h, branch, w, sum, y);
  return Launch(wide ? NormRow<kWide<T>, T, W> : NormRow<1, T, W>, rows, 1, stream, h, branch, w,
                epsilon, static_cast<int>(d), sum, y, rstd);
}

template <typename T, typename W>
cudaError_t RmsNormBackward(const T* dy, const T* x, const W* w, const float* rstd, const T* dsum,
                            int64_t rows, int64_t d, T* dx, cudaStream_t stream) {
  const bool wide = d % kWide<T> == 0 && Aligned(dy, x, w, dsum, dx);
  return Launch(wide ? NormRowBackward<kWide<T>, T, W> : NormRowBackward<1, T, W>, rows, 1, stream,
                dy, x, w, rstd, dsum, static_cast<int>(d), dx);
}

#define TW_INSTANTIATE(T, W)                                                                     \
  template cudaError_t AddRmsNorm(const T*, const T*, const W*, float, int64_t, int64_t, T*, T*, \
                                  float*, cudaStream_t);                                         \
  template cudaError_t RmsNormBackward(const T*, const T*, const W*, const float*, const T*,     \
                                       int64_t, int64_t, T*, cudaStream_t)
TW_INSTANTIATE(float, float);
TW_INSTANTIATE(__nv_bfloat16, __nv_bfloat16);
TW_INSTANTIATE(__nv_bfloat16, float);

}  // namespace tuneward::cuda
