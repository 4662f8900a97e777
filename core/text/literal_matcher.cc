#include "core/text/literal_matcher.h"

#include <algorithm>
#include <cstdint>
#include <functional>

namespace tuneward {

void LiteralMatcher::Add(const std::string& literal, TokenId id) {
  if (!ids_.Insert(literal, id)) return;
  std::vector<size_t>& sizes = sizes_[static_cast<uint8_t>(literal[0])];
  const auto place = std::lower_bound(sizes.begin(), sizes.end(), literal.size(), std::greater<>());
  if (place == sizes.end() || *place != literal.size()) sizes.insert(place, literal.size());
}

std::optional<LiteralMatcher::Match> LiteralMatcher::MatchAt(std::string_view text,
                                                             size_t at) const {
  for (const size_t size : sizes_[static_cast<uint8_t>(text[at])]) {
    if (size > text.size() - at) continue;
    if (const TokenId* id = ids_.Find(text.substr(at, size)); id != nullptr)
      return Match{at, size, *id};
  }
  return std::nullopt;
}

std::optional<LiteralMatcher::Match> LiteralMatcher::Find(std::string_view text,
                                                          size_t from) const {
  if (empty()) return std::nullopt;
  for (size_t at = from; at < text.size();) {
    const std::optional<Match> match = MatchAt(text, at);
    if (match.has_value() && match->id >= 0) return match;
    at += match.has_value() ? match->size : 1;
  }
  return std::nullopt;
}

}  // namespace tuneward
