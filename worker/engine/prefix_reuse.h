// What a run of prompts takes from the cache of prefixes and gives to it. Lives for one run; one
// thread. Shapes: K known tokens, U computed ones, C = q, k, v channels.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/model/model_config.h"
#include "worker/engine/prefill.h"
#include "worker/engine/shared_tokens.h"

namespace tuneward {

class PrefixReuse {
 public:
  // Lays the rows into `shared`, which is empty, known beginnings first.
  PrefixReuse(PrefixCache& cache, const ModelConfig& config, std::span<const PrefillRow> rows,
              SharedTokens& shared);

  int64_t reused() const { return reused_; }  // tokens of all rows
  // Before the rotary turn, layer after layer: copies what is to be stored.
  void Keep(const at::Tensor& qkv_UC);
  // [K + U, C]. Queries of known tokens are zero: what attention makes of them nobody reads.
  at::Tensor WithKnown(const at::Tensor& qkv_UC, int64_t layer) const;
  // After the last layer.
  void Store();

 private:
  struct Piece {  // tokens [from, from + count) of a block
    PrefixCache::Block block;
    int64_t from = 0, count = 0;
  };
  struct Row {
    const PrefillRow* ask = nullptr;
    std::vector<PrefixCache::Block> known;
    std::vector<int64_t> kept;  // where its tokens after the known ones stand in kept_LNW_
  };
  at::Tensor BlockOf(const Row& row, int64_t block) const;

  PrefixCache& cache_;
  const int64_t q_width_, kv_width_;
  int64_t reused_ = 0;
  std::vector<Piece> pieces_;         // of the known tokens, in their order
  std::vector<Row> rows_;             // whose adapter has an id
  std::vector<int64_t> keep_;         // of the U tokens
  std::vector<at::Tensor> kept_LNW_;  // their keys and values, by layer
};

}  // namespace tuneward
