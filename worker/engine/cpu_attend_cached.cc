// Attention of one token over the cache, in generation.
#include <algorithm>
#include <cmath>

#include "worker/engine/attention_tiles.h"
#include "worker/engine/cpu_kernels.h"

namespace tuneward::cpu {
namespace {

// to[j] = query . keys[j] for j < n, eight keys at a time; returns the largest.
template <typename Value>
TW_INLINE float Dots(const float* query, const Value* keys, int64_t stride, int64_t e, int64_t n,
                     float* to) {
  float top = -INFINITY;
  int64_t j = 0;
  for (; j + 8 <= n; j += 8) {
    Vec8 dots[8] = {};
    for (int64_t i = 0; i < e; i += 8) {
      Vec8 a;
      Load(query + i, a);
      for (int k = 0; k < 8; ++k) {
        Vec8 b;
        Load(keys + (j + k) * stride + i, b);
        dots[k] += a * b;
      }
    }
    for (int k = 0; k < 8; ++k) {
      to[j + k] = Sum(dots[k]);
      top = std::max(top, to[j + k]);
    }
  }
  for (; j < n; ++j) {
    Vec8 dots{};
    for (int64_t i = 0; i < e; i += 8) {
      Vec8 a, b;
      Load(query + i, a), Load(keys + j * stride + i, b);
      dots += a * b;
    }
    to[j] = Sum(dots);
    top = std::max(top, to[j]);
  }
  return top;
}

}  // namespace

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
    const float top = Dots(query, k, stride, e, seen, scratch);
    if (capped) CapRow(scratch, 0, seen, layout.scale, layout.soft_cap, nullptr);
    const float most = capped ? *std::max_element(scratch, scratch + seen) : top;
    const float inverse = 1.0f / ExpRow(scratch, 0, 0, seen, 0, scale, scale * most);
    TileRow<1, false>(e, scratch, 0, 1, v, stride, mixed, 0, 0, seen);
    for (int64_t i = 0; i < e; ++i) Put(mixed[i] * inverse, out[h * e + i]);
  }
}

template void AttendCached(const HeadLayout&, const float*, const float*, const float*, int64_t,
                           float*, float*);
template void AttendCached(const HeadLayout&, const Bf16*, const Bf16*, const Bf16*, int64_t, Bf16*,
                           float*);

}  // namespace tuneward::cpu
