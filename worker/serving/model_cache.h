// Base models and adapters in memory, by the hash of their tree, so that tasks and chats that
// follow each other on one base load it once. Least recently used ones go. Belongs to the models'
// thread.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "core/base/status.h"
#include "core/text/tokenizer.h"
#include "worker/engine/engine.h"

namespace tuneward {

// A base that is in use stays alive through its pointer when the cache lets it go.
class LoadedBase {
 public:
  using Folder = std::function<absl::StatusOr<std::string>(const std::string& tree_sha)>;
  LoadedBase(std::unique_ptr<BaseModel> model, std::unique_ptr<Tokenizer> tokenizer, Folder folder)
      : model_(std::move(model)), tokenizer_(std::move(tokenizer)), folder_(std::move(folder)) {}

  BaseModel& model() { return *model_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  // Null for an empty name: the bare base.
  absl::StatusOr<std::shared_ptr<const Adapter>> GetAdapter(const std::string& tree_sha);

 private:
  static constexpr size_t kMaxAdapters = 8;
  std::unique_ptr<BaseModel> model_;
  std::unique_ptr<Tokenizer> tokenizer_;
  Folder folder_;
  std::list<std::pair<std::string, std::shared_ptr<const Adapter>>> adapters_;  // most recent first
};

class ModelCache {
 public:
  // `folder` materialises a tree and returns where it lies.
  ModelCache(EngineOptions options, LoadedBase::Folder folder, size_t max_bases = 2)
      : options_(std::move(options)), folder_(std::move(folder)), max_bases_(max_bases) {}

  absl::StatusOr<std::shared_ptr<LoadedBase>> GetBase(const std::string& tree_sha);
  // Frees what no one uses: before a second try after memory ran out.
  void Clear() { bases_.clear(); }
  // What the bases keep of prompts (EngineOptions::prefix_cache_bytes bounds each).
  int64_t PrefixCacheBytes() const;

 private:
  const EngineOptions options_;
  const LoadedBase::Folder folder_;
  const size_t max_bases_;
  std::list<std::pair<std::string, std::shared_ptr<LoadedBase>>> bases_;  // most recent first
};

}  // namespace tuneward
