// The rotary turn in place, one block a token: a thread owns a pair of places, so nothing is read
// after it was turned.
#include "worker/engine/cuda/kernels.h"
#include "worker/engine/cuda/row_loop.h"

namespace tuneward::cuda {
namespace {

template <int N, typename T>
__global__ void RopeRow(T* x, int64_t width, int heads, int half, const float* cos,
                        const float* sin, float sign) {
  const int64_t row = blockIdx.x;
  for (int p = threadIdx.x * N; p < heads * half; p += kThreads * N) {
    const int head = p / half, i = p % half;
    T* first = x + row * width + static_cast<int64_t>(head) * 2 * half + i;
    T* second = first + half;
    float a[N], b[N], c[N], s[N];
    Load(first, a);
    Load(second, b);
    Load(cos + row * half + i, c);
    Load(sin + row * half + i, s);
    for (int j = 0; j < N; ++j) {
      const float before = a[j], turn = sign * s[j];
      a[j] = before * c[j] - b[j] * turn;
      b[j] = b[j] * c[j] + before * turn;
    }
    Store(a, first);
    Store(b, second);
  }
}

}  // namespace

template <typename T>
cudaError_t Rope(T* x, int64_t rows, int64_t width, int64_t heads, int64_t head_dim,
                 const float* cos, const float* sin, bool back, cudaStream_t stream) {
  const int64_t half = head_dim / 2;
  const bool wide = half % kWide<T> == 0 && width % kWide<T> == 0 && Aligned(x, cos, sin);
  return Launch(wide ? RopeRow<kWide<T>, T> : RopeRow<1, T>, rows, 1, stream, x, width,
                static_cast<int>(heads), static_cast<int>(half), cos, sin, back ? -1.0f : 1.0f);
}

#define TW_INSTANTIATE(T)                                                                       \
  template cudaError_t Rope(T*, int64_t, int64_t, int64_t, int64_t, const float*, const float*, \
                            bool, cudaStream_t)
TW_INSTANTIATE(float);
TW_INSTANTIATE(__nv_bfloat16);

}  // namespace tuneward::cuda
