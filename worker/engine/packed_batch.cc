#include "worker/engine/packed_batch.h"

#include <algorithm>

#include "worker/engine/shared_tokens.h"

namespace tuneward {
namespace {

at::Tensor ToDevice(const std::vector<int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

SharedTokens TreeOf(std::span<const TrainRow* const> rows) {
  SharedTokens tree;
  for (const TrainRow* row : rows) {
    const auto target = std::find(row->is_target.begin() + 1, row->is_target.end(), true);
    const auto predictor = static_cast<size_t>(target - row->is_target.begin()) - 1;
    tree.Add(row->tokens, nullptr, 0, predictor);
  }
  return tree;
}

}  // namespace

PackedBatch Pack(std::span<const TrainRow* const> rows, double weight, at::Device device,
                 Beginnings beginnings) {
  PackedBatch batch;
  batch.cu_seqlens = {0};
  std::vector<int64_t> tokens, positions, index, targets;
  for (const TrainRow* row : rows) {
    RowRef ref{row, static_cast<int64_t>(targets.size()), 0};
    for (size_t i = 0; i < row->tokens.size(); ++i) {
      if (i > 0 && row->is_target[i]) {
        index.push_back(static_cast<int64_t>(tokens.size()) - 1);
        targets.push_back(row->tokens[i]);
      }
      tokens.push_back(row->tokens[i]);
      positions.push_back(static_cast<int64_t>(i));
    }
    ref.targets = static_cast<int64_t>(targets.size()) - ref.first_target;
    batch.rows.push_back(ref);
    batch.cu_seqlens.push_back(static_cast<int64_t>(tokens.size()));
  }
  if (beginnings == Beginnings::kShared) {
    const SharedTokens tree = TreeOf(rows);
    if (16 * tree.tokens() <= 15 * tree.places()) {
      tokens = tree.token_U();
      for (int64_t& predictor : index) predictor = tree.unique_T()[predictor];
      batch.shared = MakeSharedPlaces(tree, device);
    }
  }
  batch.tokens_U = ToDevice(tokens, device);
  batch.position_T = ToDevice(positions, device);
  batch.target_index_N = ToDevice(index, device);
  batch.target_N = ToDevice(targets, device);
  batch.weight_N = at::full({static_cast<int64_t>(targets.size())}, weight,
                            at::TensorOptions().dtype(at::kFloat).device(device));
  return batch;
}

PackedBatch PackPairs(std::span<const TrainRow* const> rows, double beta, double weight,
                      at::Device device, Beginnings beginnings) {
  PackedBatch batch = Pack(rows, 1, device, beginnings);
  batch.preference = Preference{beta, weight, {}};
  return batch;
}

std::vector<std::span<const TrainRow* const>> CutByTokens(std::span<const TrainRow* const> rows,
                                                          int64_t max_tokens, size_t unit) {
  std::vector<std::span<const TrainRow* const>> runs;
  size_t begin = 0;
  int64_t tokens = 0;
  for (size_t i = 0; i < rows.size(); i += unit) {
    int64_t size = 0;
    for (size_t k = i; k < i + unit; ++k) size += static_cast<int64_t>(rows[k]->tokens.size());
    if (i > begin && tokens + size > max_tokens) {
      runs.push_back(rows.subspan(begin, i - begin));
      begin = i;
      tokens = 0;
    }
    tokens += size;
  }
  if (begin < rows.size()) runs.push_back(rows.subspan(begin));
  return runs;
}

}  // namespace tuneward
