// Token ids of words seen before: text repeats its words, and a look-up is many times cheaper than
// the merges. Bounded; any number of threads may use it.
#pragma once

#include <array>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/lookup.h"
#include "core/text/tokenizer.h"

namespace tuneward {

class WordCache {
 public:
  static constexpr size_t kMaxWordBytes = 48;  // longer words seldom come again

  // Appends the word's ids to `out`; false: not known.
  bool Find(std::string_view word, std::vector<TokenId>& out) const;
  void Insert(std::string_view word, const TokenId* ids, size_t count);

 private:
  // 16 x 4,096 words: a few MB at most. A full shard starts anew.
  static constexpr size_t kShards = 16, kWordsAShard = 4096;
  struct Shard {
    mutable std::shared_mutex mutex;
    Lookup<std::string, std::vector<TokenId>> words;
  };
  static size_t ShardOf(std::string_view word);
  std::array<Shard, kShards> shards_;
};

}  // namespace tuneward
