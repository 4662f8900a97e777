// Byte pair encoding of one word: its bytes are joined pair by pair, the pair of the lowest rank
// first and of equal ranks the leftmost. Immutable after Make; the cache inside is thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/lookup.h"
#include "core/text/tokenizer.h"
#include "core/text/word_cache.h"

namespace tuneward {

struct BpeMerge {
  TokenId left = 0, right = 0, made = 0;  // in the order of their ranks
};

class Bpe {
 public:
  // `whole_words`: these are one token each, whatever the merges would make of them.
  Bpe(const std::array<TokenId, 256>& bytes, const std::vector<BpeMerge>& merges,
      Lookup<std::string, TokenId> whole_words);

  // Appends to `out`. Time grows as n log n with the word's size.
  void Encode(std::string_view word, std::vector<TokenId>& out) const;

 private:
  struct Made {
    uint32_t rank = 0;
    TokenId id = 0;
  };
  const Made* Find(TokenId left, TokenId right) const;
  void EncodeShort(std::string_view word, std::vector<TokenId>& out) const;
  void EncodeLong(std::string_view word, std::vector<TokenId>& out) const;

  const std::array<TokenId, 256> bytes_;
  Lookup<uint64_t, Made> merges_;
  const Lookup<std::string, TokenId> whole_words_;
  mutable WordCache cache_;
};

}  // namespace tuneward
