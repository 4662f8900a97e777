// Rows that are decoded together, a token of each at a time; rows join between tokens and leave as
// they end. What a batch call (generator.h) and a server's RowBatch (engine.h) are made of. Borrows
// decoder and adapters; one thread. Throws what torch throws.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "worker/engine/decoder.h"
#include "worker/engine/kv_cache.h"
#include "worker/engine/prefix_cache.h"

namespace tuneward {

class RowDecoding {
 public:
  // As OnToken and OnEnd of engine.h; a row is named by its id. `prefixes`: what earlier prompts
  // left and these leave; null: nothing.
  RowDecoding(const Decoder& decoder, OnToken on_token, OnEnd on_end,
              PrefixCache* prefixes = nullptr);

  struct Joining {
    size_t id = 0;
    const GenerationRow* ask = nullptr;  // read in the call alone
  };
  // Runs the prompts and takes each row's first token.
  void Join(const std::vector<Joining>& rows);
  // One token more of each row.
  void Step();
  size_t rows() const { return rows_.size(); }
  const PromptCounts& prompts() const { return prompts_; }

  // Places in the cache that a row may come to fill.
  static int64_t PlacesOf(const GenerationRow& row, const ModelConfig& config);
  // Whether so many rows more, the widest of which fills `places`, stay within what a batch may
  // hold. One row always does.
  bool HasRoomFor(size_t more, int64_t places) const;
  // How many rows of so many places a batch takes; at least one.
  static int64_t MostRows(const Decoder& decoder, int64_t places);

 private:
  struct Row {
    size_t id = 0;
    const Adapter* adapter = nullptr;
    std::vector<TokenId> stops;
    SamplingOptions sampling;
    RandomStream stream;
    int64_t slot = 0;    // in the cache
    int64_t length = 0;  // places filled in the cache
    bool ended = false;  // nothing follows its forced tokens
    TokenId next = 0;    // the token to feed
    Generation result;
  };
  Row Begin(const Joining& joining);
  void TakeForced(Row& row, const std::vector<TokenId>& forced, std::vector<double> logprobs);
  std::vector<Row> Choose(std::vector<Row> rows, const at::Tensor& logits_BV);
  bool Accept(Row& row, std::span<const float> logits);
  at::Tensor NextLogits();
  at::Tensor ToDevice(const std::vector<int64_t>& values) const;

  const Decoder& decoder_;
  const OnToken on_token_;
  const OnEnd on_end_;
  PrefixCache* const prefixes_;
  KvCache cache_;
  PromptCounts prompts_;
  std::vector<int64_t> free_slots_;  // of those below next_slot_
  int64_t next_slot_ = 0;
  std::vector<Row> rows_;  // those of one adapter stand together
};

}  // namespace tuneward
