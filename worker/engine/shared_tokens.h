// The tokens of several rows as a tree: a token that follows the same tokens under the same adapter
// is one node, however many rows pass it. Pure, no torch. Shapes: U nodes in the order of their
// first appearance, T tokens of all rows end to end.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "core/text/tokenizer.h"

namespace tuneward {

class Adapter;

class SharedTokens {
 public:
  // How many nodes Add would make.
  int64_t NewTokens(std::span<const TokenId> row, const Adapter* adapter) const;
  void Add(std::span<const TokenId> row, const Adapter* adapter);

  int64_t tokens() const { return static_cast<int64_t>(token_U_.size()); }
  int64_t places() const { return cu_seqlens_.back(); }
  const std::vector<int64_t>& token_U() const { return token_U_; }
  const std::vector<const Adapter*>& adapter_U() const { return adapter_U_; }
  const std::vector<int64_t>& first_U() const { return first_U_; }    // in T
  const std::vector<int64_t>& unique_T() const { return unique_T_; }  // its node
  const std::vector<int64_t>& position_T() const { return position_T_; }
  const std::vector<int64_t>& cu_seqlens() const { return cu_seqlens_; }  // rows + 1 offsets into T

 private:
  static constexpr int64_t kRoot = -1;
  using Step = std::tuple<const Adapter*, int64_t, TokenId>;  // after which node comes which token
  std::map<Step, int64_t> node_;
  std::vector<int64_t> token_U_, first_U_, unique_T_, position_T_, cu_seqlens_ = {0};
  std::vector<const Adapter*> adapter_U_;
};

}  // namespace tuneward
