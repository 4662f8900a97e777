#include "worker/engine/prefix_reuse.h"

#include <algorithm>
#include <map>

namespace tuneward {
namespace {

using at::Tensor;

constexpr int64_t kBlock = PrefixCache::kBlockTokens;

// 0 is the bare base. Nothing for an adapter that may yet change.
std::optional<uint64_t> NameOf(const Adapter* adapter) {
  if (adapter == nullptr) return 0;
  return adapter->id() == 0 ? std::nullopt : std::optional(adapter->id());
}

}  // namespace

PrefixReuse::PrefixReuse(PrefixCache& cache, const ModelConfig& config,
                         std::span<const PrefillRow> rows, SharedTokens& shared)
    : cache_(cache), q_width_(config.q_width()), kv_width_(config.kv_width()) {
  std::vector<size_t> known(rows.size());
  for (size_t r = 0; r < rows.size(); ++r) {
    const PrefillRow& row = rows[r];
    const auto name = NameOf(row.adapter);
    if (!name) continue;
    // The hidden state of the last token is wanted, and of those before scored ones.
    const int64_t most = static_cast<int64_t>(std::min(row.tokens.size(), row.score_from)) - 1;
    Row& mine = rows_.emplace_back();
    mine.ask = &row;
    mine.known = cache.Find(*name, row.tokens, most);
    known[r] = mine.known.size() * static_cast<size_t>(kBlock);
    reused_ += static_cast<int64_t>(known[r]);
    const auto there =
        static_cast<int64_t>(shared.AddKnown(std::span(row.tokens).first(known[r]), row.adapter));
    for (int64_t at = there; at < static_cast<int64_t>(known[r]);) {
      const int64_t from = at % kBlock;
      pieces_.push_back({mine.known[static_cast<size_t>(at / kBlock)], from, kBlock - from});
      at += kBlock - from;
    }
  }
  for (size_t r = 0; r < rows.size(); ++r) shared.Add(rows[r].tokens, rows[r].adapter, known[r]);
  std::map<int64_t, int64_t> place;  // of a computed token among those that are kept
  size_t mine = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    if (!NameOf(rows[r].adapter)) continue;
    const int64_t begin = shared.cu_seqlens()[r], tokens = shared.cu_seqlens()[r + 1] - begin;
    for (int64_t i = static_cast<int64_t>(known[r]); i < tokens / kBlock * kBlock; ++i) {
      const int64_t computed = shared.unique_T()[begin + i] - shared.known();
      const auto [at, fresh] = place.try_emplace(computed, static_cast<int64_t>(keep_.size()));
      if (fresh) keep_.push_back(computed);
      rows_[mine].kept.push_back(at->second);
    }
    ++mine;
  }
}

void PrefixReuse::Keep(const Tensor& qkv_UC) {
  if (keep_.empty()) return;
  const Tensor keep_N = at::tensor(keep_, at::kLong).to(qkv_UC.device());
  kept_LNW_.push_back(qkv_UC.narrow(1, q_width_, 2 * kv_width_).index_select(0, keep_N));
}

Tensor PrefixReuse::WithKnown(const Tensor& qkv_UC, int64_t layer) const {
  if (pieces_.empty()) return qkv_UC;
  std::vector<Tensor> known;
  for (const Piece& piece : pieces_)
    known.push_back(piece.block->select(0, layer).narrow(0, piece.from, piece.count));
  const Tensor kv_KW = at::cat(known);
  const Tensor q_KW = at::zeros({kv_KW.size(0), q_width_}, kv_KW.options());
  return at::cat({at::cat({q_KW, kv_KW}, 1), qkv_UC});
}

Tensor PrefixReuse::BlockOf(const Row& row, int64_t block) const {
  const int64_t known = static_cast<int64_t>(row.known.size());
  if (block < known) return *row.known[static_cast<size_t>(block)];  // has just gone
  const auto first = row.kept.begin() + (block - known) * kBlock;
  const Tensor place_B =
      at::tensor(std::vector<int64_t>(first, first + kBlock), at::kLong).to(kept_LNW_[0].device());
  std::vector<Tensor> layers;
  for (const Tensor& kept_NW : kept_LNW_) layers.push_back(kept_NW.index_select(0, place_B));
  return at::stack(layers);
}

void PrefixReuse::Store() {
  for (const Row& row : rows_)
    cache_.Add(*NameOf(row.ask->adapter), row.ask->tokens,
               [&](int64_t block) { return BlockOf(row, block); });
}

}  // namespace tuneward
