#include "server/base_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/store/blob/blob_tree.h"

namespace tuneward {

absl::StatusOr<std::shared_ptr<const BaseText>> BaseTextCache::Get(const BaseModelRecord& base) {
  std::lock_guard lock(mutex_);
  const auto key = std::make_pair(base.tree_sha256, base.chat_template);
  if (const auto found = texts_.find(key); found != texts_.end()) return found->second;
  TW_ASSIGN_OR_RETURN(const BlobTree tree, ReadTree(blobs_, base.tree_sha256));
  const auto find = [&](const char* name) {
    return std::find_if(tree.files.begin(), tree.files.end(),
                        [&](const TreeFile& f) { return f.path == name; });
  };
  auto file = find(kSentencepieceFile);
  if (file == tree.files.end()) file = find(kTokenizerJsonFile);
  if (file == tree.files.end()) {
    return absl::DataLossError(absl::StrCat("the tree of base model ", base.id, " holds neither ",
                                            kSentencepieceFile, " nor ", kTokenizerJsonFile));
  }
  TW_ASSIGN_OR_RETURN(const std::string bytes, blobs_.Read(file->sha256));
  auto text = std::make_shared<BaseText>();
  TW_ASSIGN_OR_RETURN(text->tokenizer, LoadTokenizerFromBytes(file->path, bytes));
  TW_ASSIGN_OR_RETURN(text->chat_template, MakeChatTemplate(base.chat_template, *text->tokenizer));
  texts_.emplace(key, text);
  return text;
}

}  // namespace tuneward
