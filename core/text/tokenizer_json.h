// Reads a Hugging Face `tokenizer.json` that holds byte-level BPE (Llama 3, Qwen 2 and 3, GPT-2):
// every key that decides over ids is checked, and what this build does not do is refused by its
// name. The file is treated as hostile. Pure, any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/text/bpe.h"
#include "core/text/word_split.h"

namespace tuneward {

struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool special = false;     // a control symbol: never read from text, left out by Decode
  bool normalized = false;  // looked for after normalization, not before
  bool in_vocab = false;    // model.vocab has it too
};

struct BpeFile {
  std::vector<std::string> tokens;  // by id, added ones included; empty: no token has the id
  std::vector<BpeMerge> merges;
  std::vector<AddedToken> added;
  std::array<TokenId, 256> bytes{};  // the token of each byte
  WordPattern pattern = WordPattern::kGpt2;
  bool nfc = false;
  bool ignore_merges = false;
};

inline constexpr int64_t kMaxTokenId = (1 << 20) - 1;

// INVALID_ARGUMENT with the key and its value, `model.vocab["the"]: ...`; the caller names the
// file.
absl::StatusOr<BpeFile> ParseTokenizerJson(std::string_view text);

}  // namespace tuneward
