#include "worker/engine/prefix_cache.h"

#include <algorithm>
#include <utility>

namespace tuneward {
namespace {

std::vector<TokenId> TokensOf(std::span<const TokenId> tokens, int64_t block) {
  const auto own = tokens.subspan(static_cast<size_t>(block * PrefixCache::kBlockTokens),
                                  PrefixCache::kBlockTokens);
  return {own.begin(), own.end()};
}

}  // namespace

// The stored blocks that whole blocks of `tokens` are, up to the first that is missing.
std::vector<PrefixCache::Entries::iterator> PrefixCache::Chain(uint64_t adapter,
                                                               std::span<const TokenId> tokens) {
  std::vector<Entries::iterator> chain;
  const int64_t blocks = static_cast<int64_t>(tokens.size()) / kBlockTokens;
  for (int64_t b = 0; b < blocks; ++b) {
    const auto found = at_.find({adapter, b == 0 ? 0 : chain.back()->id, TokensOf(tokens, b)});
    if (found == at_.end()) break;
    chain.push_back(found->second);
  }
  return chain;
}

// From the last to the first: so the end of the list is a block that no other follows.
void PrefixCache::Use(const std::vector<Entries::iterator>& chain) {
  for (auto it = chain.rbegin(); it != chain.rend(); ++it)
    entries_.splice(entries_.begin(), entries_, *it);
}

std::vector<PrefixCache::Block> PrefixCache::Find(uint64_t adapter, std::span<const TokenId> tokens,
                                                  int64_t most) {
  const size_t looked_at = std::min(tokens.size(), static_cast<size_t>(std::max<int64_t>(most, 0)));
  const auto chain = Chain(adapter, tokens.first(looked_at));
  Use(chain);
  std::vector<Block> blocks;
  for (const auto& entry : chain) blocks.push_back(entry->block);
  return blocks;
}

void PrefixCache::Add(uint64_t adapter, std::span<const TokenId> tokens,
                      const std::function<at::Tensor(int64_t)>& make) {
  auto chain = Chain(adapter, tokens);
  const int64_t blocks = static_cast<int64_t>(tokens.size()) / kBlockTokens;
  int64_t chained = 0;  // the bytes of this prompt alone
  for (const auto& entry : chain) chained += static_cast<int64_t>(entry->block->nbytes());
  for (int64_t b = static_cast<int64_t>(chain.size()); b < blocks; ++b) {
    auto made = std::make_shared<const at::Tensor>(make(b));
    const int64_t size = static_cast<int64_t>(made->nbytes());
    chained += size;
    if (chained > max_bytes_) break;  // longer than all that is kept: its beginning is
    Key key{adapter, b == 0 ? 0 : chain.back()->id, TokensOf(tokens, b)};
    entries_.push_front({next_id_++, key, std::move(made)});
    at_.emplace(std::move(key), entries_.begin());
    chain.push_back(entries_.begin());
    bytes_ += size;
  }
  Use(chain);
  for (; bytes_ > max_bytes_; entries_.pop_back()) {
    bytes_ -= static_cast<int64_t>(entries_.back().block->nbytes());
    at_.erase(entries_.back().key);
  }
}

void PrefixCache::Clear() {
  entries_.clear();
  at_.clear();
  bytes_ = 0;
}

}  // namespace tuneward
