#include "worker/engine/row_decoding.h"

#include <algorithm>
#include <map>

#include "worker/engine/adapter_runs.h"
#include "worker/engine/prefill.h"
#include "worker/engine/sampling.h"

namespace tuneward {
namespace {

using at::Tensor;

constexpr int64_t kMostRows = 256;                     // decoded together
constexpr int64_t kMostCacheBytes = int64_t{1} << 28;  // and their cache

int64_t PlaceBytes(const Decoder& decoder) {
  return KvCache::BytesPerPlace(decoder.config(), decoder.weights().embed_VD.scalar_type());
}

}  // namespace

RowDecoding::RowDecoding(const Decoder& decoder, OnToken on_token, OnEnd on_end,
                         PrefixCache* prefixes)
    : decoder_(decoder),
      on_token_(std::move(on_token)),
      on_end_(std::move(on_end)),
      prefixes_(prefixes),
      cache_(decoder.config(), decoder.weights().embed_VD.options()) {}

int64_t RowDecoding::PlacesOf(const GenerationRow& row, const ModelConfig& config) {
  return std::min<int64_t>(config.context,
                           static_cast<int64_t>(row.prompt.size()) + row.sampling.max_new_tokens);
}

int64_t RowDecoding::MostRows(const Decoder& decoder, int64_t places) {
  return std::clamp<int64_t>(kMostCacheBytes / (places * PlaceBytes(decoder)), 1, kMostRows);
}

bool RowDecoding::HasRoomFor(size_t more, int64_t places) const {
  const size_t all = rows_.size() + more;
  if (all <= 1) return true;
  return static_cast<int64_t>(all) <= MostRows(decoder_, std::max(cache_.places(), places));
}

Tensor RowDecoding::ToDevice(const std::vector<int64_t>& values) const {
  return at::tensor(values, at::kLong).to(decoder_.device());
}

RowDecoding::Row RowDecoding::Begin(const Joining& joining) {
  const GenerationRow& ask = *joining.ask;
  Row row{joining.id,
          ask.adapter,
          ask.stops,
          ask.sampling,
          RandomStream(ask.sampling.seed, "sample", ask.sampling.first_row),
          0,
          static_cast<int64_t>(ask.prompt.size() + ask.forced.size()),
          false,
          0,
          {}};
  if (free_slots_.empty()) {
    row.slot = next_slot_++;
  } else {
    row.slot = free_slots_.back();
    free_slots_.pop_back();
  }
  return row;
}

void RowDecoding::Join(const std::vector<Joining>& rows) {
  int64_t places = 0;
  for (const Joining& joining : rows)
    places = std::max(places, PlacesOf(*joining.ask, decoder_.config()));
  cache_.Reserve(static_cast<int64_t>(rows_.size() + rows.size()), places);
  std::vector<Row> joined;
  std::vector<PrefillRow> prompts;
  for (const Joining& joining : rows) {
    const GenerationRow& ask = *joining.ask;
    joined.push_back(Begin(joining));
    PrefillRow prompt{ask.prompt, ask.adapter, joined.back().slot};
    prompt.tokens.insert(prompt.tokens.end(), ask.forced.begin(), ask.forced.end());
    prompt.score_from = ask.sampling.logprobs ? ask.prompt.size() : prompt.tokens.size();
    prompts_.tokens += static_cast<int64_t>(prompt.tokens.size());
    prompts.push_back(std::move(prompt));
  }
  PrefillOut prefilled = RunPrefill(decoder_, prompts, cache_, prefixes_);
  prompts_.reused += prefilled.reused;
  for (size_t r = 0; r < rows.size(); ++r)
    TakeForced(joined[r], rows[r].ask->forced, std::move(prefilled.logprobs[r]));
  for (Row& row : Choose(std::move(joined), prefilled.logits_BV)) rows_.push_back(std::move(row));
  // Rows of an adapter are one product; in the order of their first row.
  std::map<const Adapter*, size_t> rank;
  for (const Row& row : rows_) rank.try_emplace(row.adapter, rank.size());
  std::stable_sort(rows_.begin(), rows_.end(), [&](const Row& a, const Row& b) {
    return rank.at(a.adapter) < rank.at(b.adapter);
  });
}

void RowDecoding::Step() {
  if (rows_.empty()) return;
  const Tensor logits_BV = NextLogits();
  rows_ = Choose(std::move(rows_), logits_BV);
}

Tensor RowDecoding::NextLogits() {
  const ModelConfig& config = decoder_.config();
  const Weights& weights = decoder_.weights();
  std::vector<int64_t> tokens, positions, slots, places, lengths;
  std::vector<const Adapter*> adapters;
  for (Row& row : rows_) {
    tokens.push_back(row.next);
    positions.push_back(row.length);
    slots.push_back(row.slot);
    places.push_back(row.slot * cache_.places() + row.length);
    lengths.push_back(++row.length);
    adapters.push_back(row.adapter);
  }
  const Tensor position_B = ToDevice(positions), slot_B = ToDevice(slots),
               place_B = ToDevice(places), length_B = ToDevice(lengths);
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
    cache_.Put(l, qkv_BC, place_B);
    return cache_.Attend(l, qkv_BC, slot_B, length_B, longest);
  };
  return decoder_.head().Logits(decoder_.Layers(ToDevice(tokens), ops));
}

// The forced tokens, which are in the cache.
void RowDecoding::TakeForced(Row& row, const std::vector<TokenId>& forced,
                             std::vector<double> logprobs) {
  Generation& result = row.result;
  result.logprobs = std::move(logprobs);
  for (const TokenId token : forced) {
    result.tokens.push_back(token);
    ++result.forced;
    if (on_token_ && !on_token_(row.id, token)) row.ended = true;
    if (row.ended) break;
  }
  result.logprobs.resize(std::min(result.logprobs.size(), result.tokens.size()));
  row.ended |= static_cast<int>(result.tokens.size()) >= row.sampling.max_new_tokens ||
               row.length >= decoder_.config().context;
}

// Takes each row's next token; those that go on.
std::vector<RowDecoding::Row> RowDecoding::Choose(std::vector<Row> rows, const Tensor& logits_BV) {
  const Tensor logits = logits_BV.cpu().contiguous();
  const size_t v = static_cast<size_t>(logits.size(1));
  const float* values = logits.const_data_ptr<float>();
  std::vector<Row> going;
  for (size_t b = 0; b < rows.size(); ++b) {
    Row& row = rows[b];
    if (!row.ended && Accept(row, {values + b * v, v})) {
      going.push_back(std::move(row));
      continue;
    }
    free_slots_.push_back(row.slot);
    if (on_end_) on_end_(row.id, row.result);
  }
  return going;
}

// Chooses and records a token; false when the row ends with it.
bool RowDecoding::Accept(Row& row, std::span<const float> logits) {
  const SamplingOptions& sampling = row.sampling;
  Generation& result = row.result;
  row.next = sampling.temperature == 0
                 ? ArgMax(logits)
                 : SampleToken(logits, sampling.temperature, sampling.top_p, row.stream.Uniform());
  if (std::find(row.stops.begin(), row.stops.end(), row.next) != row.stops.end()) {
    result.stopped = true;
    return false;
  }
  result.tokens.push_back(row.next);
  if (sampling.logprobs) result.logprobs.push_back(LogProbability(logits, row.next));
  if (on_token_ && !on_token_(row.id, row.next)) return false;
  return static_cast<int>(result.tokens.size()) < sampling.max_new_tokens &&
         row.length + 1 < decoder_.config().context;
}

}  // namespace tuneward
