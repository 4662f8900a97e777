// Attention kernels. Queries are taken in blocks of kBlock, so scratch grows with the row's length
// and not with its square. A block looks at keys from `begin` on, the first that its first query
// sees, rounded down to a multiple of 8.
#include <algorithm>
#include <cmath>

#include "worker/engine/cpu_kernels.h"
#include "worker/engine/vector_math.h"

namespace tuneward::cpu {
namespace {

constexpr int64_t kBlock = 64;

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

// Scores of queries [i0, i0 + m) against the keys from `begin` on; unseen places up to the block's
// end are left.
TW_INLINE void Scores(const float* q, int64_t stride, const float* keys_t, int64_t padded,
                      int64_t e, int64_t i0, int64_t m, int64_t begin, float* s) {
  Multiply<false>(
      m, q + i0 * stride, stride, 1, keys_t + begin, padded, s + begin,
      padded, [&](int64_t, int64_t last) __attribute__((always_inline)) {
        return Range{std::min(padded, RoundUp8(i0 + last)) - begin, 0, e};
      });
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

int64_t KernelScratch(const HeadLayout& layout, int64_t length) {
  const int64_t padded = RoundUp8(length);
  return 2 * layout.head_dim * padded + (layout.soft_cap > 0 ? 3 : 2) * kBlock * padded;
}

void Forward(const HeadLayout& layout, const float* qkv, int64_t length, int64_t kv_head,
             float* out, float* lse, float* scratch) {
  const int64_t e = layout.head_dim, stride = layout.qkv_stride(), padded = RoundUp8(length);
  const int64_t group = layout.heads / layout.kv_heads;
  // What the exponential multiplies with: capped scores are scaled already.
  const bool capped = layout.soft_cap > 0;
  const float scale = capped ? 1.0f : layout.scale;
  const float* keys = qkv + (layout.heads + kv_head) * e;
  const float* values = keys + layout.kv_heads * e;
  float *keys_t = scratch, *s = scratch + 2 * e * padded;
  Transpose(keys, stride, length, e, keys_t, padded);
  for (int64_t h = kv_head * group; h < (kv_head + 1) * group; ++h) {
    const float* q = qkv + h * e;
    for (int64_t i0 = 0; i0 < length; i0 += kBlock) {
      const int64_t m = std::min(kBlock, length - i0), begin = layout.FirstSeen(i0) / 8 * 8;
      Scores(q, stride, keys_t, padded, e, i0, m, begin, s);
      for (int64_t i = 0; i < m; ++i) {
        float* row = s + i * padded;
        const int64_t first = layout.FirstSeen(i0 + i), seen = i0 + i + 1;
        if (capped) CapRow(row, first, seen, layout.scale, layout.soft_cap, nullptr);
        float top = row[first];
        for (int64_t j = first + 1; j < seen; ++j) top = row[j] > top ? row[j] : top;
        const float shift = scale * top;
        const float total =
            ExpRow(row, begin, first, seen, std::min(padded, RoundUp8(i0 + m)), scale, shift);
        lse[(i0 + i) * layout.heads + h] = shift + std::log(total);
        const float inverse = 1.0f / total;
        for (int64_t j = begin; j < RoundUp8(seen); ++j) row[j] *= inverse;
      }
      Multiply<false>(
          m, s, padded, 1, values, stride, out + i0 * layout.out_stride() + h * e,
          layout.out_stride(), [&](int64_t i, int64_t last) __attribute__((always_inline)) {
            return Range{e, layout.FirstSeen(i0 + i), i0 + last};
          });
    }
  }
}

void Backward(const HeadLayout& layout, const float* qkv, const float* out, const float* lse,
              const float* dout, int64_t length, int64_t kv_head, float* dqkv, float* scratch) {
  const int64_t e = layout.head_dim, stride = layout.qkv_stride(), ostride = layout.out_stride();
  const int64_t padded = RoundUp8(length), group = layout.heads / layout.kv_heads;
  const bool capped = layout.soft_cap > 0;
  const float scale = layout.scale, exp_scale = capped ? 1.0f : layout.scale;
  const int64_t key_at = (layout.heads + kv_head) * e, value_at = key_at + layout.kv_heads * e;
  const float *keys = qkv + key_at, *values = qkv + value_at;
  float *keys_t = scratch, *values_t = keys_t + e * padded, *p = values_t + e * padded,
        *ds = p + kBlock * padded, *slopes = ds + kBlock * padded;  // the last only when capped
  Transpose(keys, stride, length, e, keys_t, padded);
  Transpose(values, stride, length, e, values_t, padded);
  for (int64_t t = 0; t < length; ++t) {
    std::fill_n(dqkv + t * stride + key_at, e, 0.0f);
    std::fill_n(dqkv + t * stride + value_at, e, 0.0f);
  }
  for (int64_t h = kv_head * group; h < (kv_head + 1) * group; ++h) {
    const float* q = qkv + h * e;
    for (int64_t i0 = 0; i0 < length; i0 += kBlock) {
      const int64_t m = std::min(kBlock, length - i0), seen_to = std::min(padded, RoundUp8(i0 + m)),
                    begin = layout.FirstSeen(i0) / 8 * 8;
      const float* dy = dout + i0 * ostride + h * e;
      Scores(q, stride, keys_t, padded, e, i0, m, begin, p);
      Scores(dout + h * e, ostride, values_t, padded, e, i0, m, begin, ds);  // dP = dO V^T
      for (int64_t i = 0; i < m; ++i) {
        float *prow = p + i * padded, *drow = ds + i * padded;
        float* slope = slopes + i * padded;
        const int64_t first = layout.FirstSeen(i0 + i), seen = i0 + i + 1;
        if (capped) CapRow(prow, first, seen, scale, layout.soft_cap, slope);
        ExpRow(prow, begin, first, seen, seen_to, exp_scale, lse[(i0 + i) * layout.heads + h]);
        Vec8 dots{};
        const float* o = out + (i0 + i) * ostride + h * e;
        for (int64_t j = 0; j < e; j += 8) {
          Vec8 a, b;
          Load(o + j, a), Load(dy + i * ostride + j, b);
          dots += a * b;
        }
        const float delta = Sum(dots);
        // Unseen places of drow and slope were never written; p is zero there, but zero times a
        // stray NaN is not.
        for (int64_t j = begin; j < seen_to; j += 8) {
          Vec8 a, b;
          Load(prow + j, a), Load(drow + j, b);
          b = a == 0.0f ? Vec8{} : a * (b - delta) * scale;
          Store(b, drow + j);
        }
        for (int64_t j = begin; capped && j < seen_to; j += 8) {
          Vec8 a, b, c;
          Load(prow + j, a), Load(drow + j, b), Load(slope + j, c);
          Store(a == 0.0f ? Vec8{} : b * c, drow + j);
        }
      }
      Multiply<false>(
          m, ds, padded, 1, keys, stride, dqkv + i0 * stride + h * e,
          stride, [&](int64_t i, int64_t last) __attribute__((always_inline)) {
            return Range{e, layout.FirstSeen(i0 + i), i0 + last};
          });
      // Key begin + j is seen by the block's queries from max(begin + j, i0) on, as far as the
      // window goes.
      const int64_t window = layout.window > 0 ? layout.window : length;
      const auto seers = [&](int64_t j, int64_t last) __attribute__((always_inline)) {
        return Range{e, std::max<int64_t>(0, begin + j - i0),
                     std::min(m, begin + last - 1 + window - i0)};
      };
      const int64_t keys_seen = i0 + m - begin, at = begin * stride;
      Multiply<true>(keys_seen, ds + begin, 1, padded, q + i0 * stride, stride, dqkv + key_at + at,
                     stride, seers);
      Multiply<true>(keys_seen, p + begin, 1, padded, dy, ostride, dqkv + value_at + at, stride,
                     seers);
    }
  }
}

// One key-value head with its queries: what a unit of work touches, side by side.
HeadLayout UnitOf(const HeadLayout& layout) {
  return {layout.heads / layout.kv_heads,
          1,
          layout.head_dim,
          layout.scale,
          layout.soft_cap,
          layout.window};
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

// Where a unit's queries, keys and values lie in a row of [q, k, v].
struct UnitColumns {
  int64_t q, k, v, width;  // of the queries
};
UnitColumns ColumnsOf(const HeadLayout& layout, int64_t kv_head) {
  const int64_t e = layout.head_dim, width = layout.heads / layout.kv_heads * e;
  const int64_t k = (layout.heads + kv_head) * e;
  return {kv_head * width, k, k + layout.kv_heads * e, width};
}

// The unit's part of [q, k, v] in fp32, packed.
void Widen(const HeadLayout& layout, const Bf16* qkv, int64_t length, int64_t kv_head, float* to) {
  const UnitColumns at = ColumnsOf(layout, kv_head);
  const int64_t e = layout.head_dim, stride = layout.qkv_stride(), packed = at.width + 2 * e;
  CopyColumns(qkv + at.q, stride, to, packed, length, at.width);
  CopyColumns(qkv + at.k, stride, to + at.width, packed, length, e);
  CopyColumns(qkv + at.v, stride, to + at.width + e, packed, length, e);
}

}  // namespace

int64_t AttentionScratch(const HeadLayout& layout, int64_t length) {
  const HeadLayout unit = UnitOf(layout);
  return KernelScratch(layout, length) +
         length * (2 * unit.qkv_stride() + 2 * unit.out_stride() + unit.heads);
}

template <>
void Attention(const HeadLayout& layout, const float* qkv, int64_t length, int64_t kv_head,
               float* out, float* lse, float* scratch) {
  Forward(layout, qkv, length, kv_head, out, lse, scratch);
}

template <>
void AttentionBackward(const HeadLayout& layout, const float* qkv, const float* out,
                       const float* lse, const float* dout, int64_t length, int64_t kv_head,
                       float* dqkv, float* scratch) {
  Backward(layout, qkv, out, lse, dout, length, kv_head, dqkv, scratch);
}

template <>
void Attention(const HeadLayout& layout, const Bf16* qkv, int64_t length, int64_t kv_head,
               Bf16* out, float* lse, float* scratch) {
  const HeadLayout unit = UnitOf(layout);
  float* wide = scratch + KernelScratch(layout, length);
  float *wide_out = wide + length * unit.qkv_stride(),
        *wide_lse = wide_out + length * unit.out_stride();
  Widen(layout, qkv, length, kv_head, wide);
  Forward(unit, wide, length, 0, wide_out, wide_lse, scratch);
  CopyColumns(wide_out, unit.out_stride(), out + kv_head * unit.out_stride(), layout.out_stride(),
              length, unit.out_stride());
  for (int64_t t = 0; t < length; ++t)
    std::copy_n(wide_lse + t * unit.heads, unit.heads,
                lse + t * layout.heads + kv_head * unit.heads);
}

template <>
void AttentionBackward(const HeadLayout& layout, const Bf16* qkv, const Bf16* out, const float* lse,
                       const Bf16* dout, int64_t length, int64_t kv_head, Bf16* dqkv,
                       float* scratch) {
  const HeadLayout unit = UnitOf(layout);
  const UnitColumns at = ColumnsOf(layout, kv_head);
  const int64_t e = layout.head_dim, packed = unit.qkv_stride(), width = unit.out_stride();
  float* wide = scratch + KernelScratch(layout, length);
  float *wide_d = wide + length * packed, *wide_out = wide_d + length * packed;
  float *wide_dout = wide_out + length * width, *wide_lse = wide_dout + length * width;
  Widen(layout, qkv, length, kv_head, wide);
  CopyColumns(out + at.q, layout.out_stride(), wide_out, width, length, width);
  CopyColumns(dout + at.q, layout.out_stride(), wide_dout, width, length, width);
  for (int64_t t = 0; t < length; ++t)
    std::copy_n(lse + t * layout.heads + kv_head * unit.heads, unit.heads,
                wide_lse + t * unit.heads);
  Backward(unit, wide, wide_out, wide_lse, wide_dout, length, 0, wide_d, scratch);
  const int64_t stride = layout.qkv_stride();
  CopyColumns(wide_d, packed, dqkv + at.q, stride, length, width);
  CopyColumns(wide_d + width, packed, dqkv + at.k, stride, length, e);
  CopyColumns(wide_d + width + e, packed, dqkv + at.v, stride, length, e);
}

int64_t AttendScratch(const HeadLayout& layout, int64_t length) {
  return RoundUp8(length) + 2 * layout.head_dim;
}

template <typename Value>
void AttendCached(const HeadLayout& layout, const Value* q, const Value* keys, const Value* values,
                  int64_t length, Value* out, float* scratch) {
  const int64_t e = layout.head_dim, stride = layout.kv_heads * e,
                group = layout.heads / layout.kv_heads;
  const bool capped = layout.soft_cap > 0;
  const float scale = capped ? 1.0f : layout.scale;
  const int64_t first = layout.FirstSeen(length - 1), seen = length - first;
  keys += first * stride, values += first * stride;
  float *query = scratch + RoundUp8(length), *mixed = query + e;
  for (int64_t h = 0; h < layout.heads; ++h) {
    const Value *k = keys + h / group * e, *v = values + h / group * e;
    CopyColumns(q + h * e, 0, query, 0, 1, e);
    float top = -INFINITY;
    for (int64_t j = 0; j < seen; ++j) {
      Vec8 dots{};
      for (int64_t i = 0; i < e; i += 8) {
        Vec8 a, b;
        Load(query + i, a), Load(k + j * stride + i, b);
        dots += a * b;
      }
      scratch[j] = Sum(dots);
      top = std::max(top, scratch[j]);
    }
    if (capped) {
      CapRow(scratch, 0, seen, layout.scale, layout.soft_cap, nullptr);
      top = *std::max_element(scratch, scratch + seen);
    }
    const float inverse = 1.0f / ExpRow(scratch, 0, 0, seen, 0, scale, scale * top);
    TileRow<1, false>(e, scratch, 0, 1, v, stride, mixed, 0, 0, seen);
    for (int64_t i = 0; i < e; ++i) Put(mixed[i] * inverse, out[h * e + i]);
  }
}

template void AttendCached(const HeadLayout&, const float*, const float*, const float*, int64_t,
                           float*, float*);
template void AttendCached(const HeadLayout&, const Bf16*, const Bf16*, const Bf16*, int64_t, Bf16*,
                           float*);

}  // namespace tuneward::cpu
