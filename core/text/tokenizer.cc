#include "core/text/tokenizer.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/text/bpe_tokenizer.h"
#include "core/text/chat_symbols.h"
#include "core/text/sentencepiece_bridge.h"
#include "core/text/tokenizer_json.h"

namespace tuneward {
namespace {

constexpr size_t kMaxModelBytes = size_t{64} << 20;

class SentencepieceTokenizer final : public Tokenizer {
 public:
  explicit SentencepieceTokenizer(std::unique_ptr<SentencepieceModel> model)
      : model_(std::move(model)), adds_space_(model_->AddsSpace()) {}
  int vocab_size() const override { return model_->Size(); }
  std::vector<TokenId> Encode(std::string_view text) const override { return model_->Encode(text); }
  std::string Decode(const std::vector<TokenId>& ids) const override { return model_->Decode(ids); }
  TokenId ControlId(std::string_view symbol) const override {
    const TokenId id = model_->IdOf(symbol);
    return id != model_->UnknownId() && model_->IsControl(id) ? id : -1;
  }
  TokenId unknown_id() const override { return model_->UnknownId(); }
  bool adds_space() const override { return adds_space_; }

 private:
  std::unique_ptr<SentencepieceModel> model_;
  const bool adds_space_;
};

absl::StatusOr<std::unique_ptr<Tokenizer>> ReadSentencepiece(std::string_view serialized,
                                                             const std::string& name) {
  std::string error;
  // sentencepiece takes empty bytes for a model without pieces.
  if (serialized.empty()) return absl::InvalidArgumentError(name + ": the file is empty");
  auto model = ParseSentencepiece(WithChatSymbolsAsControls(serialized), error);
  if (model == nullptr)
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": not a sentencepiece model (", error, ")"));
  if (model->Size() == 0) return absl::InvalidArgumentError(name + ": the model has no pieces");
  return std::make_unique<SentencepieceTokenizer>(std::move(model));
}

absl::StatusOr<std::unique_ptr<Tokenizer>> ReadTokenizerJson(std::string_view text,
                                                             const std::string& name) {
  absl::StatusOr<BpeFile> file = ParseTokenizerJson(text);
  if (!file.ok())
    return absl::Status(file.status().code(), absl::StrCat(name, ": ", file.status().message()));
  return MakeBpeTokenizer(*std::move(file));
}

}  // namespace

absl::StatusOr<std::string> TokenizerFileOf(const std::string& folder) {
  for (const char* name : {kSentencepieceFile, kTokenizerJsonFile}) {
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::path(folder) / name, error))
      return std::string(name);
  }
  return absl::NotFoundError(
      absl::StrCat(folder, ": holds neither ", kSentencepieceFile, " nor ", kTokenizerJsonFile));
}

absl::StatusOr<std::unique_ptr<Tokenizer>> LoadTokenizer(const std::string& folder) {
  TW_ASSIGN_OR_RETURN(const std::string name, TokenizerFileOf(folder));
  const std::string path = folder + "/" + name;
  TW_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kMaxModelBytes));
  return name == kTokenizerJsonFile ? ReadTokenizerJson(bytes, path)
                                    : ReadSentencepiece(bytes, path);
}

absl::StatusOr<std::unique_ptr<Tokenizer>> LoadTokenizerFromBytes(std::string_view name,
                                                                  std::string_view bytes) {
  if (name == kTokenizerJsonFile) return ReadTokenizerJson(bytes, std::string(name));
  return ReadSentencepiece(bytes, std::string(name));
}

absl::Status CheckTokenizerFits(const Tokenizer& tokenizer, int64_t model_vocab_size) {
  if (tokenizer.vocab_size() <= model_vocab_size) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the tokenizer has ", tokenizer.vocab_size(),
                                                 " tokens, more than the model's vocab_size ",
                                                 model_vocab_size));
}

absl::StatusOr<std::unique_ptr<Tokenizer>> LoadSentencepiece(const std::string& path) {
  TW_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kMaxModelBytes));
  return ReadSentencepiece(bytes, path);
}

absl::StatusOr<std::unique_ptr<Tokenizer>> LoadSentencepieceFromBytes(std::string_view serialized) {
  return ReadSentencepiece(serialized, "tokenizer model");
}

}  // namespace tuneward
