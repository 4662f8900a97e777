// Keys and values of prompts that were run lately, from call to call, so that the next prompt that
// begins alike (a system prompt, a conversation that goes on) does not run its beginning again. In
// blocks of 16 tokens; a block is known by its adapter and by all tokens up to its end, so equal
// beginnings are stored once. The least recently used blocks go. Belongs to one base model; one
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <tuple>
#include <vector>

#include <ATen/ATen.h>

#include "core/text/tokenizer.h"

namespace tuneward {

class PrefixCache {
 public:
  static constexpr int64_t kBlockTokens = 16;
  // A block's keys and values of every layer before the rotary turn: [layers, 16, 2 K * E]. What
  // was found lives on when the cache lets it go.
  using Block = std::shared_ptr<const at::Tensor>;

  explicit PrefixCache(int64_t max_bytes) : max_bytes_(max_bytes) {}

  // The blocks that `tokens` begin with, of at most `most` tokens together; they are used now.
  std::vector<Block> Find(uint64_t adapter, std::span<const TokenId> tokens, int64_t most);
  // Stores the whole blocks of `tokens` that are not there; `make` is asked for those from the
  // first missing one on, by number.
  void Add(uint64_t adapter, std::span<const TokenId> tokens,
           const std::function<at::Tensor(int64_t)>& make);
  int64_t bytes() const { return bytes_; }
  void Clear();

 private:
  // Adapter, the block before (0: none), the block's own tokens.
  using Key = std::tuple<uint64_t, uint64_t, std::vector<TokenId>>;
  struct Entry {
    uint64_t id = 0;
    Key key;
    Block block;
  };
  using Entries = std::list<Entry>;
  std::vector<Entries::iterator> Chain(uint64_t adapter, std::span<const TokenId> tokens);
  void Use(const std::vector<Entries::iterator>& chain);

  const int64_t max_bytes_;
  int64_t bytes_ = 0;
  uint64_t next_id_ = 1;
  Entries entries_;  // most recent first; a block stands before those that follow it in a prompt
  std::map<Key, Entries::iterator> at_;
};

}  // namespace tuneward
