// Attention kernels. Queries are taken in blocks of kBlock, so scratch grows with the row's length
// and not with its square. A block looks at keys from `begin` on, the first that its first query
// sees, rounded down to a multiple of 8.
#include <algorithm>
#include <cmath>

#include "worker/engine/attention_tiles.h"
#include "worker/engine/cpu_kernels.h"

namespace tuneward::cpu {
namespace {

constexpr int64_t kBlock = 64;

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

int64_t KernelScratch(const HeadLayout& layout, int64_t length) {
  const int64_t padded = RoundUp8(length);
  return 2 * layout.head_dim * padded + (layout.soft_cap > 0 ? 3 : 2) * kBlock * padded;
}

void Forward(const HeadLayout& layout, const float* qkv, int64_t length, int64_t known,
             int64_t kv_head, float* out, float* lse, float* scratch) {
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
    for (int64_t i0 = known; i0 < length; i0 += kBlock) {
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
              const float* dout, int64_t length, int64_t known, int64_t kv_head, float* dqkv,
              float* scratch) {
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
  for (int64_t t = 0; t < known; ++t)
    std::fill_n(dqkv + t * stride + kv_head * group * e, group * e, 0.0f);
  for (int64_t h = kv_head * group; h < (kv_head + 1) * group; ++h) {
    const float* q = qkv + h * e;
    for (int64_t i0 = known; i0 < length; i0 += kBlock) {
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
void Attention(const HeadLayout& layout, const float* qkv, int64_t length, int64_t known,
               int64_t kv_head, float* out, float* lse, float* scratch) {
  Forward(layout, qkv, length, known, kv_head, out, lse, scratch);
}

template <>
void AttentionBackward(const HeadLayout& layout, const float* qkv, const float* out,
                       const float* lse, const float* dout, int64_t length, int64_t known,
                       int64_t kv_head, float* dqkv, float* scratch) {
  Backward(layout, qkv, out, lse, dout, length, known, kv_head, dqkv, scratch);
}

template <>
void Attention(const HeadLayout& layout, const Bf16* qkv, int64_t length, int64_t known,
               int64_t kv_head, Bf16* out, float* lse, float* scratch) {
  const HeadLayout unit = UnitOf(layout);
  float* wide = scratch + KernelScratch(layout, length);
  float *wide_out = wide + length * unit.qkv_stride(),
        *wide_lse = wide_out + length * unit.out_stride();
  Widen(layout, qkv, length, kv_head, wide);
  Forward(unit, wide, length, known, 0, wide_out, wide_lse, scratch);
  CopyColumns(wide_out + known * unit.out_stride(), unit.out_stride(),
              out + known * layout.out_stride() + kv_head * unit.out_stride(), layout.out_stride(),
              length - known, unit.out_stride());
  for (int64_t t = known; t < length; ++t)
    std::copy_n(wide_lse + t * unit.heads, unit.heads,
                lse + t * layout.heads + kv_head * unit.heads);
}

template <>
void AttentionBackward(const HeadLayout& layout, const Bf16* qkv, const Bf16* out, const float* lse,
                       const Bf16* dout, int64_t length, int64_t known, int64_t kv_head, Bf16* dqkv,
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
  Backward(unit, wide, wide_out, wide_lse, wide_dout, length, known, 0, wide_d, scratch);
  const int64_t stride = layout.qkv_stride();
  CopyColumns(wide_d, packed, dqkv + at.q, stride, length, width);
  CopyColumns(wide_d + width, packed, dqkv + at.k, stride, length, e);
  CopyColumns(wide_d + width + e, packed, dqkv + at.v, stride, length, e);
}

}  // namespace tuneward::cpu
