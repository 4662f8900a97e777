#include "core/text/word_cache.h"

#include <functional>
#include <mutex>

namespace tuneward {
size_t WordCache::ShardOf(std::string_view word) {
  return std::hash<std::string_view>()(word) % kShards;
}

bool WordCache::Find(std::string_view word, std::vector<TokenId>& out) const {
  const Shard& shard = shards_[ShardOf(word)];
  const std::shared_lock lock(shard.mutex);
  const std::vector<TokenId>* ids = shard.words.Find(word);
  if (ids == nullptr) return false;
  out.insert(out.end(), ids->begin(), ids->end());
  return true;
}

void WordCache::Insert(std::string_view word, const TokenId* ids, size_t count) {
  Shard& shard = shards_[ShardOf(word)];
  const std::lock_guard lock(shard.mutex);
  if (shard.words.size() >= kWordsAShard) shard.words.Clear();
  shard.words.Insert(std::string(word), {ids, ids + count});
}

}  // namespace tuneward
