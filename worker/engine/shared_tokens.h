// The tokens of several rows as a tree: a token that follows the same tokens under the same adapter
// is one node, however many rows pass it. Nodes may be known from before, which then come first.
// Pure, no torch. Shapes: U nodes in the order of their first appearance, T tokens of all rows end
// to end.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "core/text/tokenizer.h"

namespace tuneward {

class Adapter;

class SharedTokens {
 public:
  // How many nodes Add would make that shares all it can.
  int64_t NewTokens(std::span<const TokenId> row, const Adapter* adapter) const;
  // Nodes for a beginning that need not be computed; before any Add. Returns how many of its tokens
  // had nodes already.
  size_t AddKnown(std::span<const TokenId> beginning, const Adapter* adapter);
  // The row's first `known` tokens take known nodes as far as there are; those after it never do,
  // since something else than keys and values is wanted of them. Tokens from `shared` on get nodes
  // of their own, which no other row takes.
  void Add(std::span<const TokenId> row, const Adapter* adapter, size_t known = 0,
           size_t shared = std::numeric_limits<size_t>::max());

  int64_t known() const { return known_; }  // of the nodes
  int64_t tokens() const { return static_cast<int64_t>(token_U_.size()); }
  int64_t places() const { return cu_seqlens_.back(); }
  const std::vector<int64_t>& token_U() const { return token_U_; }
  const std::vector<const Adapter*>& adapter_U() const { return adapter_U_; }
  // In T; of known nodes -1.
  const std::vector<int64_t>& first_U() const { return first_U_; }
  const std::vector<int64_t>& unique_T() const { return unique_T_; }  // its node
  const std::vector<int64_t>& position_T() const { return position_T_; }
  const std::vector<int64_t>& cu_seqlens() const { return cu_seqlens_; }  // rows + 1 offsets into T

 private:
  static constexpr int64_t kRoot = -1;
  // After which node comes which token; whether to a known node.
  using Step = std::tuple<const Adapter*, int64_t, TokenId, bool>;
  // At the place that is next.
  int64_t MakeNode(TokenId token, const Adapter* adapter);
  std::map<Step, int64_t> node_;
  int64_t known_ = 0;
  std::vector<int64_t> token_U_, first_U_, unique_T_, position_T_, cu_seqlens_ = {0};
  std::vector<const Adapter*> adapter_U_;
};

}  // namespace tuneward
