#include "core/text/tokenizer_json.h"

#include <string>

#include "core/text/bpe_tokenizer.h"
#include "tests/fuzz/check_text.h"
#include "tests/fuzz/targets.h"

namespace tuneward::fuzz {
namespace {

// Ids must be the tokenizer's, none a control symbol's, and stand for the text again. Where NFC is
// on, or literals may be added, the text is one that they leave alone.
void CheckRoundTrip(const Tokenizer& tokenizer, const BpeFile& file, const std::string& text) {
  const std::vector<TokenId> ids = tokenizer.Encode(text);
  TW_CHECK(ids == tokenizer.Encode(text));  // the second time from the cache
  for (const TokenId id : ids) {
    TW_CHECK(id >= 0 && id < tokenizer.vocab_size());
    for (const AddedToken& token : file.added) TW_CHECK(!token.special || token.id != id);
  }
  const std::string decoded = tokenizer.Decode(ids);
  CheckIsText(decoded);
  if (file.added.empty()) TW_CHECK(decoded == text);
}

}  // namespace

void TokenizerJson(std::string_view bytes) {
  // The text to encode is what the file itself holds, cut to what one execution can bear.
  constexpr size_t kMaxText = 512;
  const auto file = ParseTokenizerJson(bytes);
  if (!file.ok()) {
    CheckIsRefusal(file.status());
    return;
  }
  const auto tokenizer = MakeBpeTokenizer(*file);
  const std::string_view tail = bytes.substr(bytes.size() - std::min(bytes.size(), kMaxText));
  tokenizer->Encode(tail);  // any bytes
  std::string plain = "it's 12 lamps,\n\n  and 'LL\t";
  for (const std::string& token : file->tokens) {
    if (plain.size() > kMaxText) break;
    for (const char c : token)
      if (c >= ' ' && c <= '~') plain += c;
  }
  CheckRoundTrip(*tokenizer, *file, plain);
  for (const AddedToken& token : file->added)
    TW_CHECK((tokenizer->ControlId(token.content) == token.id) == token.special);
}

}  // namespace tuneward::fuzz
