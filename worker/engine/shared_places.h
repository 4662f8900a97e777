// Rows with alike beginnings (a system prompt, the two answers of a pair) in training: what stands
// at the same tokens after the same tokens goes through the linears once, as a node of the tree
// that shared_tokens.h makes, and is laid to its place in each row for attention alone. The same
// function and gradient as rows apart, but for the rounding of sums. Shapes: U nodes, T places
// (tokens of all rows end to end), C channels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/ivalue.h>

namespace tuneward {

class SharedTokens;

// A row begins with `known` tokens that rows before it have, too; the rest are nodes of its own.
// Counted, because the graph holds it.
struct SharedPlaces : torch::CustomClassHolder {
  int64_t nodes = 0;
  std::vector<int64_t> cu_seqlens;   // rows + 1 offsets into T
  std::vector<int64_t> known_B;      // of each row
  std::vector<int64_t> unique_host;  // unique_T where loops read it
  at::Tensor unique_T, first_U;      // each place's node, each node's first place
};
using SharedPlacesPtr = c10::intrusive_ptr<SharedPlaces>;

SharedPlacesPtr MakeSharedPlaces(const SharedTokens& shared, at::Device device);

// Of batches laid end to end; null where all of them are. `cu_seqlens` are each batch's own.
struct PlacesOf {
  SharedPlacesPtr shared;  // null: each place is a node
  std::span<const int64_t> cu_seqlens;
};
SharedPlacesPtr JoinPlaces(std::span<const PlacesOf> batches, at::Device device);

// [U, C] -> [T, C]. Differentiable: a node's gradient is the sum over its places, row after row.
at::Tensor ToPlaces(const at::Tensor& x_UC, const SharedPlacesPtr& shared);
// [T, C] -> [U, C]: each node's first place. Differentiable; other places get zeros.
at::Tensor ToNodes(const at::Tensor& x_TC, const SharedPlacesPtr& shared);

}  // namespace tuneward
