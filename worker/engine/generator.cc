#include "worker/engine/generator.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "core/base/random.h"
#include "worker/engine/adapter_runs.h"
#include "worker/engine/generation_rows.h"
#include "worker/engine/kv_cache.h"
#include "worker/engine/prefill.h"
#include "worker/engine/sampling.h"

namespace tuneward {
namespace {

using at::Tensor;

constexpr int64_t kGroupRows = 256;                     // rows decoded together
constexpr int64_t kGroupCacheBytes = int64_t{1} << 28;  // and their cache

struct Row {
  size_t index = 0;  // in the call
  const GenerationRow* ask = nullptr;
  int64_t slot = 0;    // in the cache
  int64_t length = 0;  // places filled in the cache
  bool ended = false;  // nothing follows its forced tokens
  TokenId next = 0;    // the token to feed
  RandomStream stream;
};

// Places in the cache that a row may come to fill.
int64_t PlacesOf(const GenerationRow& row, const ModelConfig& config) {
  return std::min<int64_t>(config.context,
                           static_cast<int64_t>(row.prompt.size()) + row.sampling.max_new_tokens);
}

// One group of rows from its prompts to its last token.
class GroupRun {
 public:
  GroupRun(const Decoder& decoder, const std::vector<GenerationRow>& asked, const OnToken& on_token,
           const OnEnd& on_end, std::vector<Generation>& results)
      : decoder_(decoder),
        asked_(asked),
        on_token_(on_token),
        on_end_(on_end),
        results_(results),
        device_(decoder.device()) {}

  // Rows of one adapter stand together in `chosen`.
  void Run(std::span<const size_t> chosen) {
    int64_t places = 0;
    std::vector<PrefillRow> prompts;
    for (const size_t i : chosen) {
      const GenerationRow& ask = asked_[i];
      const int64_t slot = static_cast<int64_t>(rows_.size());
      PrefillRow prompt{ask.prompt, ask.adapter, slot};
      prompt.tokens.insert(prompt.tokens.end(), ask.forced.begin(), ask.forced.end());
      prompt.score_from = ask.sampling.logprobs ? ask.prompt.size() : prompt.tokens.size();
      places = std::max(places, PlacesOf(ask, decoder_.config()));
      rows_.push_back({i, &ask, slot, static_cast<int64_t>(prompt.tokens.size()), false, 0,
                       RandomStream(ask.sampling.seed, "sample", ask.sampling.first_row)});
      prompts.push_back(std::move(prompt));
    }
    KvCache cache(decoder_.config(), static_cast<int64_t>(rows_.size()), places,
                  decoder_.weights().embed_VD.options());
    PrefillOut prefilled = RunPrefill(decoder_, prompts, cache);
    for (size_t r = 0; r < rows_.size(); ++r) Begin(rows_[r], std::move(prefilled.logprobs[r]));
    while (Choose(prefilled.logits_BV)) prefilled.logits_BV = Decode(cache);
  }

 private:
  Tensor ToDevice(const std::vector<int64_t>& values) const {
    return at::tensor(values, at::kLong).to(device_);
  }

  Tensor Decode(KvCache& cache) {
    const ModelConfig& config = decoder_.config();
    const Weights& weights = decoder_.weights();
    std::vector<int64_t> tokens, positions, slots, places, lengths;
    std::vector<const Adapter*> adapters;
    for (Row& row : rows_) {
      tokens.push_back(row.next);
      positions.push_back(row.length);
      slots.push_back(row.slot);
      places.push_back(row.slot * cache.places() + row.length);
      lengths.push_back(++row.length);
      adapters.push_back(row.ask->adapter);
    }
    const Tensor position_B = ToDevice(positions), slot_B = ToDevice(slots),
                 place_B = ToDevice(places);
    const Tensor length_B = ToDevice(lengths);
    const int64_t longest = *std::max_element(lengths.begin(), lengths.end());
    const std::vector<AdapterRun> runs = RunsOf(adapters);
    LayerOps ops;
    ops.linear = [&](const Tensor& x, int64_t l, Group group) {
      return LinearOfRuns(x, weights.layers[l].linear[group], runs, l, group);
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

  // The forced tokens, which are in the cache.
  void Begin(Row& row, std::vector<double> logprobs) {
    Generation& result = results_[row.index];
    result.logprobs = std::move(logprobs);
    for (const TokenId token : row.ask->forced) {
      result.tokens.push_back(token);
      ++result.forced;
      if (on_token_ && !on_token_(row.index, token)) row.ended = true;
      if (row.ended) break;
    }
    result.logprobs.resize(std::min(result.logprobs.size(), result.tokens.size()));
    row.ended |= static_cast<int>(result.tokens.size()) >= row.ask->sampling.max_new_tokens ||
                 row.length >= decoder_.config().context;
  }

  // Takes each row's next token and drops the rows that are done; false when none is left.
  bool Choose(const Tensor& logits_BV) {
    const Tensor logits = logits_BV.cpu().contiguous();
    const size_t v = static_cast<size_t>(logits.size(1));
    const float* values = logits.const_data_ptr<float>();
    std::vector<Row> going;
    for (size_t b = 0; b < rows_.size(); ++b) {
      Row& row = rows_[b];
      if (!row.ended && Accept(row, {values + b * v, v}))
        going.push_back(std::move(row));
      else if (on_end_)
        on_end_(row.index, results_[row.index]);
    }
    rows_ = std::move(going);
    return !rows_.empty();
  }

  // Chooses and records a token; false when the row ends with it.
  bool Accept(Row& row, std::span<const float> logits) {
    const SamplingOptions& sampling = row.ask->sampling;
    const std::vector<TokenId>& stops = row.ask->stops;
    Generation& result = results_[row.index];
    row.next = sampling.temperature == 0 ? ArgMax(logits)
                                         : SampleToken(logits, sampling.temperature, sampling.top_p,
                                                       row.stream.Uniform());
    if (std::find(stops.begin(), stops.end(), row.next) != stops.end()) {
      result.stopped = true;
      return false;
    }
    result.tokens.push_back(row.next);
    if (sampling.logprobs) result.logprobs.push_back(LogProbability(logits, row.next));
    if (on_token_ && !on_token_(row.index, row.next)) return false;
    return static_cast<int>(result.tokens.size()) < sampling.max_new_tokens &&
           row.length + 1 < decoder_.config().context;
  }

  const Decoder& decoder_;
  const std::vector<GenerationRow>& asked_;
  const OnToken& on_token_;
  const OnEnd& on_end_;
  std::vector<Generation>& results_;
  at::Device device_;
  std::vector<Row> rows_;
};

// Which rows are decoded together: those that need similar room.
std::vector<std::vector<size_t>> GroupsOf(const std::vector<GenerationRow>& rows,
                                          const Decoder& decoder) {
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return PlacesOf(rows[a], decoder.config()) > PlacesOf(rows[b], decoder.config());
  });
  const int64_t place_bytes =
      KvCache::BytesPerPlace(decoder.config(), decoder.weights().embed_VD.scalar_type());
  std::vector<std::vector<size_t>> groups;
  for (size_t begin = 0; begin < order.size();) {
    const int64_t row_bytes = PlacesOf(rows[order[begin]], decoder.config()) * place_bytes;
    const size_t count =
        static_cast<size_t>(std::clamp<int64_t>(kGroupCacheBytes / row_bytes, 1, kGroupRows));
    const size_t end = std::min(order.size(), begin + count);
    groups.emplace_back(order.begin() + static_cast<int64_t>(begin),
                        order.begin() + static_cast<int64_t>(end));
    begin = end;
  }
  return groups;
}

// Adapters in the order of their first row; beside each other what begins alike.
void SortForSharing(std::vector<size_t>& group, const std::vector<GenerationRow>& rows) {
  std::map<const Adapter*, size_t> rank;
  for (const size_t i : group) rank.try_emplace(rows[i].adapter, rank.size());
  std::stable_sort(group.begin(), group.end(), [&](size_t a, size_t b) {
    const size_t rank_a = rank.at(rows[a].adapter), rank_b = rank.at(rows[b].adapter);
    return rank_a != rank_b ? rank_a < rank_b : rows[a].prompt < rows[b].prompt;
  });
}

}  // namespace

absl::StatusOr<std::vector<Generation>> RunGeneration(const Decoder& decoder,
                                                      const std::vector<GenerationRow>& rows,
                                                      const OnToken& on_token,
                                                      const OnEnd& on_end) {
  TW_RETURN_IF_ERROR(CheckGenerationRows(rows, decoder.config()));
  const at::NoGradGuard no_grad;
  std::vector<Generation> results(rows.size());
  for (std::vector<size_t>& group : GroupsOf(rows, decoder)) {
    SortForSharing(group, rows);
    GroupRun(decoder, rows, on_token, on_end, results).Run(group);
  }
  return results;
}

}  // namespace tuneward
