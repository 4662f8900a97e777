// Runs the prompts of rows that are about to be continued and fills their slots of the cache. A
// token that stands after the same tokens under the same adapter as another row's (a system prompt,
// a prompt asked several times) goes through the linears once for all of them; attention still
// walks every row whole, so a row's bits are those it has alone. With a cache of prefixes tokens of
// earlier calls do not go through the linears either.
#pragma once

#include <span>
#include <vector>

#include "worker/engine/decoder.h"
#include "worker/engine/kv_cache.h"
#include "worker/engine/prefix_cache.h"

namespace tuneward {

struct PrefillRow {
  std::vector<TokenId> tokens;
  const Adapter* adapter = nullptr;
  int64_t slot = 0;
  size_t score_from = 0;  // log-probabilities are wanted of tokens [score_from, end); not of the
                          // first token
};

struct PrefillOut {
  at::Tensor logits_BV;                       // after each row's last token, fp32
  std::vector<std::vector<double>> logprobs;  // one vector a row
  int64_t reused = 0;                         // tokens that came from `prefixes`
};

// `prefixes` may be null; rows of adapters without an id are neither looked up nor stored.
PrefillOut RunPrefill(const Decoder& decoder, std::span<const PrefillRow> rows, KvCache& cache,
                      PrefixCache* prefixes = nullptr);

}  // namespace tuneward
