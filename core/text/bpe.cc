#include "core/text/bpe.h"

#include <limits>
#include <queue>
#include <utility>

namespace tuneward {
namespace {

// Up to here a look at every pair for every merge is cheaper than a queue.
constexpr size_t kShortBytes = 32;
constexpr uint32_t kNoRank = std::numeric_limits<uint32_t>::max();

uint64_t Key(TokenId left, TokenId right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

struct Symbol {
  TokenId id = 0;
  int64_t before = -1, after = -1;  // neighbours; -1: none
  bool gone = false;                // joined to the one before
};

// A pair as it was when it was queued: stale once either side has changed.
struct Pair {
  uint32_t rank = 0;
  int64_t at = 0;
  TokenId left = 0, right = 0, made = 0;
  bool operator>(const Pair& other) const {
    return rank != other.rank ? rank > other.rank : at > other.at;
  }
};

}  // namespace

Bpe::Bpe(const std::array<TokenId, 256>& bytes, const std::vector<BpeMerge>& merges,
         Lookup<std::string, TokenId> whole_words)
    : bytes_(bytes), whole_words_(std::move(whole_words)) {
  merges_.Reserve(merges.size());
  for (uint32_t rank = 0; rank < merges.size(); ++rank)
    merges_.Insert(Key(merges[rank].left, merges[rank].right), Made{rank, merges[rank].made});
}

const Bpe::Made* Bpe::Find(TokenId left, TokenId right) const {
  return merges_.Find(Key(left, right));
}

void Bpe::Encode(std::string_view word, std::vector<TokenId>& out) const {
  if (word.size() == 1) {
    out.push_back(bytes_[static_cast<uint8_t>(word[0])]);
    return;
  }
  const bool cached = word.size() <= WordCache::kMaxWordBytes;
  if (cached && cache_.Find(word, out)) return;
  const size_t before = out.size();
  if (const TokenId* whole = whole_words_.Find(word); whole != nullptr)
    out.push_back(*whole);
  else if (word.size() <= kShortBytes)
    EncodeShort(word, out);
  else
    EncodeLong(word, out);
  if (cached) cache_.Insert(word, out.data() + before, out.size() - before);
}

void Bpe::EncodeShort(std::string_view word, std::vector<TokenId>& out) const {
  TokenId ids[kShortBytes];
  Made pairs[kShortBytes];  // of ids[i] and ids[i + 1]
  size_t n = word.size();
  for (size_t i = 0; i < n; ++i) ids[i] = bytes_[static_cast<uint8_t>(word[i])];
  const auto look = [&](size_t i) {
    const Made* made = Find(ids[i], ids[i + 1]);
    pairs[i] = made != nullptr ? *made : Made{kNoRank, 0};
  };
  for (size_t i = 0; i + 1 < n; ++i) look(i);
  while (n > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < n; ++i)
      if (pairs[i].rank < pairs[best].rank) best = i;
    if (pairs[best].rank == kNoRank) break;
    ids[best] = pairs[best].id;
    --n;
    for (size_t i = best + 1; i < n; ++i) ids[i] = ids[i + 1];
    for (size_t i = best + 1; i + 1 < n; ++i) pairs[i] = pairs[i + 1];
    if (best > 0) look(best - 1);
    if (best + 1 < n) look(best);
  }
  out.insert(out.end(), ids, ids + n);
}

void Bpe::EncodeLong(std::string_view word, std::vector<TokenId>& out) const {
  std::vector<Symbol> symbols(word.size());
  std::vector<Pair> first;
  first.reserve(word.size());
  std::priority_queue<Pair, std::vector<Pair>, std::greater<>> queue(std::greater<>(),
                                                                     std::move(first));
  const auto look = [&](int64_t at) {
    const int64_t after = at < 0 ? -1 : symbols[static_cast<size_t>(at)].after;
    if (after < 0) return;
    const TokenId left = symbols[static_cast<size_t>(at)].id;
    const TokenId right = symbols[static_cast<size_t>(after)].id;
    if (const Made* made = Find(left, right); made != nullptr)
      queue.push({made->rank, at, left, right, made->id});
  };
  const auto size = static_cast<int64_t>(word.size());
  for (int64_t i = 0; i < size; ++i)
    symbols[static_cast<size_t>(i)] = {bytes_[static_cast<uint8_t>(word[static_cast<size_t>(i)])],
                                       i - 1, i + 1 < size ? i + 1 : -1, false};
  for (int64_t i = 0; i < size; ++i) look(i);
  while (!queue.empty()) {
    const Pair pair = queue.top();
    queue.pop();
    Symbol& left = symbols[static_cast<size_t>(pair.at)];
    if (left.gone || left.after < 0 || left.id != pair.left) continue;
    Symbol& right = symbols[static_cast<size_t>(left.after)];
    if (right.id != pair.right) continue;
    left.id = pair.made;
    left.after = right.after;
    right.gone = true;
    if (left.after >= 0) symbols[static_cast<size_t>(left.after)].before = pair.at;
    look(left.before);
    look(pair.at);
  }
  for (const Symbol& symbol : symbols)
    if (!symbol.gone) out.push_back(symbol.id);
}

}  // namespace tuneward
