#include "worker/serving/model_cache.h"

namespace tuneward {
namespace {

// Moves the entry of that name to the front; null when there is none.
template <typename T>
T* Find(std::list<std::pair<std::string, T>>& entries, const std::string& name) {
  for (auto it = entries.begin(); it != entries.end(); ++it) {
    if (it->first != name) continue;
    entries.splice(entries.begin(), entries, it);
    return &entries.front().second;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Adapter>> LoadedBase::GetAdapter(const std::string& tree_sha) {
  if (tree_sha.empty()) return std::shared_ptr<const Adapter>();
  if (auto* found = Find(adapters_, tree_sha)) return *found;
  TW_ASSIGN_OR_RETURN(const std::string folder, folder_(tree_sha));
  TW_ASSIGN_OR_RETURN(std::shared_ptr<const Adapter> adapter, model_->LoadAdapter(folder));
  adapters_.emplace_front(tree_sha, adapter);
  if (adapters_.size() > kMaxAdapters) adapters_.pop_back();
  return adapter;
}

absl::StatusOr<std::shared_ptr<LoadedBase>> ModelCache::GetBase(const std::string& tree_sha) {
  if (auto* found = Find(bases_, tree_sha)) return *found;
  TW_ASSIGN_OR_RETURN(const std::string folder, folder_(tree_sha));
  TW_ASSIGN_OR_RETURN(auto model, BaseModel::Load(folder, options_));
  TW_ASSIGN_OR_RETURN(auto tokenizer, LoadTokenizer(folder));
  TW_RETURN_IF_ERROR(CheckTokenizerFits(*tokenizer, model->vocab_size()));
  auto base = std::make_shared<LoadedBase>(std::move(model), std::move(tokenizer), folder_);
  bases_.emplace_front(tree_sha, base);
  if (bases_.size() > max_bases_) bases_.pop_back();
  return base;
}

int64_t ModelCache::PrefixCacheBytes() const {
  int64_t bytes = 0;
  for (const auto& [tree, base] : bases_) bytes += base->model().prefix_cache_bytes();
  return bytes;
}

}  // namespace tuneward
