#include "worker/engine/generator.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "worker/engine/kv_cache.h"
#include "worker/engine/sampling.h"

namespace tuneward {
namespace {

using at::Tensor;

constexpr int64_t kGroupRows = 256;                     // rows decoded together
constexpr int64_t kGroupCacheBytes = int64_t{1} << 28;  // and their cache
constexpr int64_t kPrefillTokens = 8192;                // prompt tokens run together

struct Row {
  size_t index = 0;    // in the call
  int64_t slot = 0;    // in the cache
  int64_t length = 0;  // places filled in the cache
  TokenId next = 0;    // the token to feed
  RandomStream stream;
};

absl::Status CheckCall(const std::vector<std::vector<TokenId>>& prompts, const ModelConfig& config,
                       const SamplingOptions& options) {
  if (options.max_new_tokens < 1)
    return absl::InvalidArgumentError(
        absl::StrCat("max_new_tokens must be at least 1, got ", options.max_new_tokens));
  if (!(options.temperature >= 0 && options.temperature <= 100))
    return absl::InvalidArgumentError(
        absl::StrCat("temperature must be in [0, 100], got ", options.temperature));
  if (!(options.top_p > 0 && options.top_p <= 1))
    return absl::InvalidArgumentError(absl::StrCat("top_p must be in (0, 1], got ", options.top_p));
  for (size_t i = 0; i < prompts.size(); ++i) {
    if (prompts[i].empty() || static_cast<int64_t>(prompts[i].size()) >= config.context)
      return absl::InvalidArgumentError(absl::StrCat("prompt ", i, " must have 1 to ",
                                                     config.context - 1, " tokens, got ",
                                                     prompts[i].size()));
    for (const TokenId token : prompts[i])
      if (token < 0 || token >= config.vocab)
        return absl::InvalidArgumentError(absl::StrCat(
            "prompt ", i, ": token ", token, " is outside the vocabulary of ", config.vocab));
  }
  return absl::OkStatus();
}

// One group of rows from its prompts to its last token.
class GroupRun {
 public:
  GroupRun(const Decoder& decoder, const Adapter* adapter, TokenId stop,
           const SamplingOptions& options, const TokenSink& on_token,
           std::vector<Generation>& results)
      : decoder_(decoder),
        adapter_(adapter),
        stop_(stop),
        options_(options),
        on_token_(on_token),
        results_(results),
        device_(decoder.device()) {}

  void Run(const std::vector<std::vector<TokenId>>& prompts, const std::vector<size_t>& chosen) {
    int64_t longest = 0;
    for (const size_t i : chosen) {
      const int64_t length = static_cast<int64_t>(prompts[i].size());
      longest = std::max(longest, length);
      rows_.push_back({i, static_cast<int64_t>(rows_.size()), length, 0,
                       RandomStream(options_.seed, "sample", options_.first_row + i)});
    }
    const int64_t places = std::min(decoder_.config().context, longest + options_.max_new_tokens);
    KvCache cache(decoder_.config(), static_cast<int64_t>(rows_.size()), places,
                  decoder_.weights().embed_VD.options());
    Tensor logits_BV = Prefill(prompts, cache);
    while (Choose(logits_BV)) logits_BV = Decode(cache);
  }

 private:
  Tensor ToDevice(const std::vector<int64_t>& values) const {
    return at::tensor(values, at::kLong).to(device_);
  }

  // Runs the prompts, a bounded number of tokens at a time, and returns the logits after each.
  Tensor Prefill(const std::vector<std::vector<TokenId>>& prompts, KvCache& cache) {
    std::vector<Tensor> logits;
    for (size_t begin = 0; begin < rows_.size();) {
      std::vector<const std::vector<TokenId>*> chosen;
      std::vector<int64_t> places;
      for (; begin < rows_.size(); ++begin) {
        const Row& row = rows_[begin];
        if (!chosen.empty() && static_cast<int64_t>(places.size()) + row.length > kPrefillTokens)
          break;
        chosen.push_back(&prompts[row.index]);
        for (int64_t p = 0; p < row.length; ++p) places.push_back(row.slot * cache.places() + p);
      }
      const Tensor place_T = ToDevice(places);
      const QkvSink sink = [&](int64_t layer, const Tensor& qkv_TC) {
        cache.Put(layer, qkv_TC, place_T);
      };
      const PackedBatch batch = PackPrompts(chosen, device_);
      logits.push_back(
          decoder_.head().Logits(decoder_.Forward(batch, adapter_, {}, &sink).at_targets_ND));
    }
    return at::cat(logits);
  }

  Tensor Decode(KvCache& cache) {
    static const GroupLora kNone;
    const ModelConfig& config = decoder_.config();
    const Weights& weights = decoder_.weights();
    std::vector<int64_t> tokens, positions, slots, places, lengths;
    for (Row& row : rows_) {
      tokens.push_back(row.next);
      positions.push_back(row.length);
      slots.push_back(row.slot);
      places.push_back(row.slot * cache.places() + row.length);
      lengths.push_back(++row.length);
    }
    const Tensor position_B = ToDevice(positions), slot_B = ToDevice(slots),
                 place_B = ToDevice(places);
    const Tensor length_B = ToDevice(lengths);
    const int64_t longest = *std::max_element(lengths.begin(), lengths.end());
    LayerOps ops;
    ops.linear = [&](const Tensor& x, int64_t l, Group group) {
      return GroupLinearForward(x, weights.layers[l].linear[group],
                                adapter_ ? adapter_->layer(l)[group] : kNone);
    };
    std::map<const RopeTable*, std::pair<Tensor, Tensor>> turns;  // one or two kinds of layers
    ops.attend = [&](const Tensor& qkv_BC, int64_t l) {
      auto& [cos, sin] = turns[&decoder_.rope(l)];
      if (!cos.defined()) {
        cos = decoder_.rope(l).cos_PR.index_select(0, position_B);
        sin = decoder_.rope(l).sin_PR.index_select(0, position_B);
      }
      RopeInPlace(qkv_BC, cos, sin, config.heads + config.kv_heads, config.head_dim);
      cache.Put(l, qkv_BC, place_B);
      return cache.Attend(l, qkv_BC, slot_B, length_B, longest);
    };
    return decoder_.head().Logits(decoder_.Layers(ToDevice(tokens), ops));
  }

  // Takes each row's next token and drops the rows that are done; false when none is left.
  bool Choose(const Tensor& logits_BV) {
    const Tensor logits = logits_BV.cpu().contiguous();
    const size_t v = static_cast<size_t>(logits.size(1));
    const float* values = logits.const_data_ptr<float>();
    std::vector<Row> going;
    for (size_t b = 0; b < rows_.size(); ++b) {
      Row& row = rows_[b];
      row.next = Pick({values + b * v, v}, row.stream);
      if (Accept(row)) going.push_back(std::move(row));
    }
    rows_ = std::move(going);
    return !rows_.empty();
  }

  TokenId Pick(std::span<const float> logits, RandomStream& stream) const {
    if (options_.temperature == 0) return ArgMax(logits);
    return SampleToken(logits, options_.temperature, options_.top_p, stream.Uniform());
  }

  // Records the token; false when the row ends with it.
  bool Accept(const Row& row) {
    Generation& result = results_[row.index];
    if (row.next == stop_) {
      result.stopped = true;
      return false;
    }
    result.tokens.push_back(row.next);
    if (on_token_ && !on_token_(row.index, row.next)) return false;
    return static_cast<int>(result.tokens.size()) < options_.max_new_tokens &&
           row.length + 1 < decoder_.config().context;
  }

  const Decoder& decoder_;
  const Adapter* adapter_;
  TokenId stop_;
  const SamplingOptions& options_;
  const TokenSink& on_token_;
  std::vector<Generation>& results_;
  at::Device device_;
  std::vector<Row> rows_;
};

}  // namespace

absl::StatusOr<std::vector<Generation>> RunGeneration(
    const Decoder& decoder, const Adapter* adapter,
    const std::vector<std::vector<TokenId>>& prompts, TokenId stop, const SamplingOptions& options,
    const TokenSink& on_token) {
  TW_RETURN_IF_ERROR(CheckCall(prompts, decoder.config(), options));
  const at::NoGradGuard no_grad;
  std::vector<Generation> results(prompts.size());
  std::vector<size_t> order(prompts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return prompts[a].size() > prompts[b].size(); });
  for (size_t begin = 0; begin < order.size();) {
    const int64_t places =
        static_cast<int64_t>(prompts[order[begin]].size()) + options.max_new_tokens;
    const int64_t row_bytes =
        places * KvCache::BytesPerPlace(decoder.config(), decoder.weights().embed_VD.scalar_type());
    const size_t rows =
        static_cast<size_t>(std::clamp<int64_t>(kGroupCacheBytes / row_bytes, 1, kGroupRows));
    const size_t end = std::min(order.size(), begin + rows);
    GroupRun(decoder, adapter, stop, options, on_token, results)
        .Run(prompts, {order.begin() + static_cast<int64_t>(begin),
                       order.begin() + static_cast<int64_t>(end)});
    begin = end;
  }
  return results;
}

}  // namespace tuneward
