// Text to token ids and back. Implementations are immutable after loading: any number of threads
// may call them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace tuneward {

using TokenId = int32_t;

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual int vocab_size() const = 0;
  // User text only: control symbols inside it are encoded as ordinary text, never as the control
  // symbol.
  virtual std::vector<TokenId> Encode(std::string_view text) const = 0;
  // Control symbols are left out.
  virtual std::string Decode(const std::vector<TokenId>& ids) const = 0;
  // The id of a control symbol such as "<|user|>"; -1 when the vocabulary has none of that name.
  virtual TokenId ControlId(std::string_view symbol) const = 0;
  virtual TokenId unknown_id() const = 0;
  // Encode puts a space before the text (sentencepiece's add_dummy_prefix).
  virtual bool adds_space() const { return false; }
};

// What a base model's tokenizer may be called. Where both are there the first counts: a folder of
// Llama 2, Mistral or Gemma holds a tokenizer.json too, which says the same in a form that is not
// read here.
inline constexpr char kSentencepieceFile[] = "tokenizer.model";
inline constexpr char kTokenizerJsonFile[] = "tokenizer.json";

// The file of those two that the folder holds. NOT_FOUND when it holds neither.
absl::StatusOr<std::string> TokenizerFileOf(const std::string& folder);
// Reads it. Operators' files only, never a user's (sentencepiece: CVE-2026-1260). INVALID_ARGUMENT
// names the file, the key and the value.
absl::StatusOr<std::unique_ptr<Tokenizer>> LoadTokenizer(const std::string& folder);
// `name`: which of the two it is.
absl::StatusOr<std::unique_ptr<Tokenizer>> LoadTokenizerFromBytes(std::string_view name,
                                                                  std::string_view bytes);

// A sentencepiece model.
absl::StatusOr<std::unique_ptr<Tokenizer>> LoadSentencepiece(const std::string& path);
absl::StatusOr<std::unique_ptr<Tokenizer>> LoadSentencepieceFromBytes(std::string_view serialized);

// INVALID_ARGUMENT with both numbers when the model has no row for some token. Models are often
// padded: fewer tokens than rows are right.
absl::Status CheckTokenizerFits(const Tokenizer& tokenizer, int64_t model_vocab_size);

}  // namespace tuneward
