// Finds tokens that are matched in text as they are written (tokenizer.json's added tokens): the
// leftmost occurrence, and of those that begin there the longest. Immutable, thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/lookup.h"
#include "core/text/tokenizer.h"

namespace tuneward {

class LiteralMatcher {
 public:
  // `id` -1: an occurrence is passed over as ordinary text, with whatever lies inside it.
  void Add(const std::string& literal, TokenId id);
  bool empty() const { return ids_.size() == 0; }

  struct Match {
    size_t begin = 0, size = 0;
    TokenId id = 0;
  };
  // The first match from `from` on.
  std::optional<Match> Find(std::string_view text, size_t from) const;

 private:
  std::optional<Match> MatchAt(std::string_view text, size_t at) const;

  Lookup<std::string, TokenId> ids_;
  std::array<std::vector<size_t>, 256> sizes_;  // by first byte, longest first
};

}  // namespace tuneward
