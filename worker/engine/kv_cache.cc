#include "worker/engine/kv_cache.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "worker/engine/attention.h"
#include "worker/engine/cpu_dispatch.h"

namespace tuneward {

using at::Tensor;

KvCache::KvCache(const ModelConfig& config, at::TensorOptions options)
    : config_(config), options_(options), keys_SLW_(config.layers), values_SLW_(config.layers) {}

void KvCache::Reserve(int64_t slots, int64_t places) {
  if (slots <= slots_ && places <= places_) return;
  const int64_t old_slots = slots_, old_places = places_;
  slots_ = std::max(slots, slots_), places_ = std::max(places, places_);
  for (std::vector<Tensor>* all : {&keys_SLW_, &values_SLW_})
    for (Tensor& kept : *all) {
      const Tensor grown = at::zeros({slots_, places_, config_.kv_width()}, options_);
      if (kept.defined()) grown.narrow(0, 0, old_slots).narrow(1, 0, old_places).copy_(kept);
      kept = grown;
    }
}

void KvCache::Put(int64_t layer, const Tensor& qkv_TC, const Tensor& place_T) {
  const int64_t w = config_.kv_width();
  keys_SLW_[layer].view({-1, w}).index_copy_(0, place_T, qkv_TC.narrow(1, config_.q_width(), w));
  values_SLW_[layer].view({-1, w}).index_copy_(0, place_T,
                                               qkv_TC.narrow(1, config_.q_width() + w, w));
}

int64_t KvCache::BytesPerPlace(const ModelConfig& config, at::ScalarType type) {
  return 2 * config.layers * config.kv_width() * static_cast<int64_t>(c10::elementSize(type));
}

Tensor KvCache::Attend(int64_t layer, const Tensor& qkv_BC, const Tensor& slot_B,
                       const Tensor& length_B, int64_t longest) const {
  if (UsesCpuKernels(qkv_BC) && config_.head_dim % 8 == 0)
    return AttendOnCpu(layer, qkv_BC, slot_B, length_B, longest);
  const int64_t b = qkv_BC.size(0), e = config_.head_dim, group = config_.heads / config_.kv_heads;
  const auto heads = [&](const Tensor& cache_SLW) {
    return cache_SLW.narrow(1, 0, longest)
        .index_select(0, slot_B)
        .view({b, longest, config_.kv_heads, e})
        .transpose(1, 2)
        .repeat_interleave(group, 1);
  };
  const Tensor q = qkv_BC.narrow(1, 0, config_.q_width()).reshape({b, config_.heads, 1, e});
  const ScoreRule rule = ScoreRuleOf(config_, config_.IsSliding(layer));
  const Tensor place = at::arange(longest, length_B.options()).unsqueeze(0);
  Tensor seen = place.lt(length_B.unsqueeze(1));
  if (rule.window > 0) seen.logical_and_(place.ge(length_B.unsqueeze(1) - rule.window));
  return PlainAttention(q, heads(keys_SLW_[layer]), heads(values_SLW_[layer]),
                        seen.view({b, 1, 1, longest}), rule)
      .reshape({b, config_.q_width()});
}

Tensor KvCache::AttendOnCpu(int64_t layer, const Tensor& qkv_BC, const Tensor& slot_B,
                            const Tensor& length_B, int64_t longest) const {
  const cpu::HeadLayout layout = ScoreRuleOf(config_, config_.IsSliding(layer))
                                     .Layout(config_.heads, config_.kv_heads, config_.head_dim);
  const Tensor out_BW = at::empty({qkv_BC.size(0), layout.out_stride()}, qkv_BC.options());
  const int64_t *lengths = length_B.const_data_ptr<int64_t>(),
                *slots = slot_B.const_data_ptr<int64_t>();
  const int64_t row = places_ * config_.kv_width();
  WithValueOf(qkv_BC, [&](auto value) {
    using Value = decltype(value);
    const Value *qkv = Data<Value>(qkv_BC), *keys = Data<Value>(keys_SLW_[layer]),
                *values = Data<Value>(values_SLW_[layer]);
    at::parallel_for(0, qkv_BC.size(0), 8, [&](int64_t begin, int64_t end) {
      std::vector<float> scratch(static_cast<size_t>(cpu::AttendScratch(layout, longest)));
      for (int64_t b = begin; b < end; ++b)
        cpu::AttendCached(layout, qkv + b * layout.qkv_stride(), keys + slots[b] * row,
                          values + slots[b] * row, lengths[b],
                          Data<Value>(out_BW) + b * layout.out_stride(), scratch.data());
    });
  });
  return out_BW;
}

}  // namespace tuneward
