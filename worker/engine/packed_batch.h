// Rows laid end to end without padding, with what the decoder and the head need to know of them.
// Rows do not see each other: attention stays within a row's segment and positions start anew.
// Shapes: T tokens of all rows, U of them that go through the linears (shared_places.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <ATen/ATen.h>

#include "worker/engine/beginnings.h"
#include "worker/engine/engine.h"
#include "worker/engine/shared_places.h"

namespace tuneward {

struct RowRef {
  const TrainRow* row = nullptr;
  int64_t first_target = 0, targets = 0;  // its part of target_N
};

// What preference training needs beside the rows, which are then pairs: chosen, rejected in turn.
struct Preference {
  double beta = 0.1;
  double weight = 1;  // of a pair's loss
  // fp32: log p of each row's targets under the reference, summed (AttachReference).
  at::Tensor reference_R;
};

struct PackedBatch {
  at::Tensor tokens_U, position_T;  // int64
  std::vector<int64_t> cu_seqlens;  // rows + 1 offsets into T
  SharedPlacesPtr shared;           // null: U is T
  // Which of U predicts each target, and the target.
  at::Tensor target_index_N, target_N;
  at::Tensor weight_N;  // fp32; set by whoever makes the loss
  std::vector<RowRef> rows;
  std::optional<Preference> preference;  // none: single rows, supervised
  int64_t tokens() const { return cu_seqlens.back(); }
  int64_t nodes() const { return shared ? shared->nodes : tokens(); }
  int64_t targets() const { return target_N.size(0); }
};

// Borrows the rows. weight_N is filled with `weight`.
PackedBatch Pack(std::span<const TrainRow* const> rows, double weight, at::Device device,
                 Beginnings beginnings = Beginnings::kApart);

// The same of pairs, whose reference is still to be attached; `weight` is a pair's.
PackedBatch PackPairs(std::span<const TrainRow* const> rows, double beta, double weight,
                      at::Device device, Beginnings beginnings = Beginnings::kApart);

// Consecutive runs of rows with at most `max_tokens` tokens each (a longer row stands alone). Rows
// of a unit (2: pairs) stay together; their number is a multiple of it.
std::vector<std::span<const TrainRow* const>> CutByTokens(std::span<const TrainRow* const> rows,
                                                          int64_t max_tokens, size_t unit = 1);

}  // namespace tuneward
