// silu(gate) * up and its way back: a row is cut into columns of blocks.
#include "worker/engine/cuda/kernels.h"
#include "worker/engine/cuda/row_loop.h"

namespace tuneward::cuda {
namespace {

__device__ inline float Sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

template <int N>
__device__ inline int Column() {
  return static_cast<int>(blockIdx.y * kThreads + threadIdx.x) * N;
}

template <int N, typename T>
__global__ void SwiGluRow(const T* gate_up, int f, T* y) {
  const int i = Column<N>();
  if (i >= f) return;
  const int64_t row = blockIdx.x;
  float gate[N], up[N];
  Load(gate_up + row * 2 * f + i, gate);
  Load(gate_up + row * 2 * f + f + i, up);
  for (int j = 0; j < N; ++j) gate[j] = gate[j] * Sigmoid(gate[j]) * up[j];
  Store(gate, y + row * f + i);
}

template <int N, typename T>
__global__ void SwiGluRowBackward(const T* dy, const T* gate_up, int f, T* dgate_up) {
  const int i = Column<N>();
  if (i >= f) return;
  const int64_t row = blockIdx.x;
  float gate[N], up[N], d[N];
  Load(gate_up + row * 2 * f + i, gate);
  Load(gate_up + row * 2 * f + f + i, up);
  Load(dy + row * f + i, d);
  for (int j = 0; j < N; ++j) {
    const float sigmoid = Sigmoid(gate[j]);
    const float dup = d[j] * gate[j] * sigmoid;
    gate[j] = d[j] * up[j] * sigmoid * (1.0f + gate[j] * (1.0f - sigmoid));
    up[j] = dup;
  }
  Store(gate, dgate_up + row * 2 * f + i);
  Store(up, dgate_up + row * 2 * f + f + i);
}

template <int N>
int64_t Columns(int64_t f) {
  return (f + kThreads * N - 1) / (kThreads * N);
}

}  // namespace

template <typename T>
cudaError_t SwiGlu(const T* gate_up, int64_t rows, int64_t f, T* y, cudaStream_t stream) {
  constexpr int kN = kWide<T>;
  const bool wide = f % kN == 0 && Aligned(gate_up, y);
  return Launch(wide ? SwiGluRow<kN, T> : SwiGluRow<1, T>, rows,
                wide ? Columns<kN>(f) : Columns<1>(f), stream, gate_up, static_cast<int>(f), y);
}

template <typename T>
cudaError_t SwiGluBackward(const T* dy, const T* gate_up, int64_t rows, int64_t f, T* dgate_up,
                           cudaStream_t stream) {
  constexpr int kN = kWide<T>;
  const bool wide = f % kN == 0 && Aligned(dy, gate_up, dgate_up);
  return Launch(wide ? SwiGluRowBackward<kN, T> : SwiGluRowBackward<1, T>, rows,
                wide ? Columns<kN>(f) : Columns<1>(f), stream, dy, gate_up, static_cast<int>(f),
                dgate_up);
}

#define TW_INSTANTIATE(T)                                                    \
  template cudaError_t SwiGlu(const T*, int64_t, int64_t, T*, cudaStream_t); \
  template cudaError_t SwiGluBackward(const T*, const T*, int64_t, int64_t, T*, cudaStream_t)
TW_INSTANTIATE(float);
TW_INSTANTIATE(__nv_bfloat16);

}  // namespace tuneward::cuda
