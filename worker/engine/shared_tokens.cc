#include "worker/engine/shared_tokens.h"

namespace tuneward {

int64_t SharedTokens::NewTokens(std::span<const TokenId> row, const Adapter* adapter) const {
  int64_t node = kRoot;
  for (size_t i = 0; i < row.size(); ++i) {
    const auto found = node_.find({adapter, node, row[i], false});
    if (found == node_.end()) return static_cast<int64_t>(row.size() - i);
    node = found->second;
  }
  return 0;
}

size_t SharedTokens::AddKnown(std::span<const TokenId> beginning, const Adapter* adapter) {
  int64_t node = kRoot;
  size_t there = 0;
  for (const TokenId token : beginning) {
    const auto [at, fresh] = node_.try_emplace({adapter, node, token, true}, tokens());
    node = at->second;
    if (!fresh) {
      ++there;
      continue;
    }
    token_U_.push_back(token);
    adapter_U_.push_back(adapter);
    first_U_.push_back(-1);
    ++known_;
  }
  return there;
}

int64_t SharedTokens::MakeNode(TokenId token, const Adapter* adapter) {
  token_U_.push_back(token);
  adapter_U_.push_back(adapter);
  first_U_.push_back(static_cast<int64_t>(unique_T_.size()));
  return tokens() - 1;
}

void SharedTokens::Add(std::span<const TokenId> row, const Adapter* adapter, size_t known,
                       size_t shared) {
  int64_t node = kRoot;
  bool on_known = true;
  for (size_t i = 0; i < row.size(); ++i) {
    const auto found = node_.find({adapter, node, row[i], true});
    on_known = on_known && i < known && found != node_.end();
    if (on_known) {
      node = found->second;
    } else if (i >= shared) {
      node = MakeNode(row[i], adapter);
    } else {
      const auto [at, fresh] = node_.try_emplace({adapter, node, row[i], false}, tokens());
      node = fresh ? MakeNode(row[i], adapter) : at->second;
    }
    unique_T_.push_back(node);
    position_T_.push_back(static_cast<int64_t>(i));
  }
  cu_seqlens_.push_back(static_cast<int64_t>(unique_T_.size()));
}

}  // namespace tuneward
