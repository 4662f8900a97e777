// What the attention kernels are built of: register tiles of a product, rows of exponentials and of
// capped scores, changes of type. For the units that are compiled for AVX2 and FMA alone.
#pragma once

#include <algorithm>

#include "worker/engine/vector_math.h"

namespace tuneward::cpu {

TW_INLINE int64_t RoundUp8(int64_t n) { return (n + 7) / 8 * 8; }

// C[R x 8W] (+)= sum over k in [k0, k1) of A(r, k) * B[k][:]; A(r, k) = a[r * ars + k * aks].
template <int R, int W, bool kAdd, typename Value>
TW_INLINE void Tile(const float* a, int64_t ars, int64_t aks, const Value* b, int64_t ldb, float* c,
                    int64_t ldc, int64_t k0, int64_t k1) {
  Vec8 acc[R][W];
  for (int r = 0; r < R; ++r)
    for (int w = 0; w < W; ++w) {
      if (kAdd)
        Load(c + r * ldc + 8 * w, acc[r][w]);
      else
        acc[r][w] = Vec8{};
    }
  for (int64_t k = k0; k < k1; ++k) {
    Vec8 row[W];
    for (int w = 0; w < W; ++w) Load(b + k * ldb + 8 * w, row[w]);
    for (int r = 0; r < R; ++r) {
      const float x = a[r * ars + k * aks];
      for (int w = 0; w < W; ++w) acc[r][w] += x * row[w];
    }
  }
  for (int r = 0; r < R; ++r)
    for (int w = 0; w < W; ++w) Store(acc[r][w], c + r * ldc + 8 * w);
}

// R rows of C over n columns (a multiple of 8).
template <int R, bool kAdd, typename Value>
TW_INLINE void TileRow(int64_t n, const float* a, int64_t ars, int64_t aks, const Value* b,
                       int64_t ldb, float* c, int64_t ldc, int64_t k0, int64_t k1) {
  int64_t j = 0;
  // One row has registers for 64 columns: each line of B is then read once.
  if constexpr (R == 1)
    for (; j + 64 <= n; j += 64) Tile<R, 8, kAdd>(a, ars, aks, b + j, ldb, c + j, ldc, k0, k1);
  for (; j + 16 <= n; j += 16) Tile<R, 2, kAdd>(a, ars, aks, b + j, ldb, c + j, ldc, k0, k1);
  if (j < n) Tile<R, 1, kAdd>(a, ars, aks, b + j, ldb, c + j, ldc, k0, k1);
}

// range(i) gives {columns, k0, k1} for the block of rows that begins at i.
struct Range {
  int64_t n, k0, k1;
};
template <bool kAdd, typename RangeOf>
TW_INLINE void Multiply(int64_t m, const float* a, int64_t ars, int64_t aks, const float* b,
                        int64_t ldb, float* c, int64_t ldc, const RangeOf& range) {
  int64_t i = 0;
  for (; i + 4 <= m; i += 4) {
    const Range r = range(i, i + 4);
    TileRow<4, kAdd>(r.n, a + i * ars, ars, aks, b, ldb, c + i * ldc, ldc, r.k0, r.k1);
  }
  for (; i < m; ++i) {
    const Range r = range(i, i + 1);
    TileRow<1, kAdd>(r.n, a + i * ars, ars, aks, b, ldb, c + i * ldc, ldc, r.k0, r.k1);
  }
}

// to[e][j] = from[j][e]; columns up to `padded` are zero.
TW_INLINE void Transpose(const float* from, int64_t stride, int64_t length, int64_t e, float* to,
                         int64_t padded) {
  for (int64_t i = 0; i < e; ++i) {
    for (int64_t j = 0; j < length; ++j) to[i * padded + j] = from[j * stride + i];
    for (int64_t j = length; j < padded; ++j) to[i * padded + j] = 0;
  }
}

// p[first..seen) = exp(scale * s - shift), zero from `begin` on before it, and after it up to the
// next multiple of 8 and to `padded_to`; returns the sum.
TW_INLINE float ExpRow(float* s, int64_t begin, int64_t first, int64_t seen, int64_t padded_to,
                       float scale, float shift) {
  const Int8 lane = {0, 1, 2, 3, 4, 5, 6, 7};
  Vec8 sums{};
  int64_t j = first / 8 * 8;
  for (int64_t k = begin; k < j; k += 8) Store(Vec8{}, s + k);
  int32_t skip = static_cast<int32_t>(first - j);
  for (; j < seen; j += 8) {
    Vec8 x;
    Load(s + j, x);
    x = x * scale - shift;
    Exp(x);
    const int32_t left = static_cast<int32_t>(std::min<int64_t>(seen - j, 8));
    x = lane < left ? x : Vec8{};
    if (skip > 0) {
      x = lane < skip ? Vec8{} : x;
      skip = 0;
    }
    Store(x, s + j);
    sums += x;
  }
  for (; j < padded_to; j += 8) Store(Vec8{}, s + j);
  return Sum(sums);
}

// s = cap tanh(scale s / cap) for the groups of eight that hold [first, seen); `slope`, where not
// null, is the derivative by scale * s.
TW_INLINE void CapRow(float* s, int64_t first, int64_t seen, float scale, float cap, float* slope) {
  const float inside = scale / cap;
  for (int64_t j = first / 8 * 8; j < seen; j += 8) {
    Vec8 x;
    Load(s + j, x);
    x *= inside;
    Tanh(x);
    Store(x * cap, s + j);
    if (slope != nullptr) Store(1.0f - x * x, slope + j);
  }
}

// [length, from_stride] at `from`, `width` columns, to or from rows of `to_stride`.
template <typename From, typename To>
TW_INLINE void CopyColumns(const From* from, int64_t from_stride, To* to, int64_t to_stride,
                           int64_t length, int64_t width) {
  for (int64_t t = 0; t < length; ++t)
    for (int64_t i = 0; i < width; i += 8) {
      Vec8 x;
      Load(from + t * from_stride + i, x);
      Store(x, to + t * to_stride + i);
    }
}

}  // namespace tuneward::cpu
