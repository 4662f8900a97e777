#include "core/text/bpe_tokenizer.h"

#include <utility>

#include "core/text/bpe.h"
#include "core/text/byte_alphabet.h"
#include "core/text/literal_matcher.h"
#include "core/text/lookup.h"
#include "core/text/nfc.h"
#include "core/text/unicode.h"
#include "core/text/word_split.h"

namespace tuneward {
namespace {

// With ignore_merges a word that is a token is that token. Special tokens are none that text may
// become, and added ones are no words.
Lookup<std::string, TokenId> WholeWords(const BpeFile& file) {
  Lookup<std::string, TokenId> words;
  if (!file.ignore_merges) return words;
  std::vector<bool> barred(file.tokens.size());
  for (const AddedToken& token : file.added)
    barred[static_cast<size_t>(token.id)] = token.special || !token.in_vocab;
  words.Reserve(file.tokens.size());
  for (size_t id = 0; id < file.tokens.size(); ++id)
    if (auto bytes = TokenBytes(file.tokens[id]); bytes.has_value() && !barred[id])
      words.Insert(*std::move(bytes), static_cast<TokenId>(id));
  return words;
}

class BpeTokenizer final : public Tokenizer {
 public:
  explicit BpeTokenizer(BpeFile file)
      : pattern_(file.pattern), nfc_(file.nfc), bpe_(file.bytes, file.merges, WholeWords(file)) {
    pieces_.reserve(file.tokens.size());
    for (std::string& token : file.tokens) {
      auto bytes = TokenBytes(token);
      pieces_.push_back(bytes.has_value() ? *std::move(bytes) : std::move(token));
    }
    for (const AddedToken& token : file.added) {
      if (token.special) {
        controls_.Insert(token.content, token.id);
        pieces_[static_cast<size_t>(token.id)].clear();
      }
      LiteralMatcher& literals = token.normalized ? normalized_literals_ : literals_;
      literals.Add(nfc_ && token.normalized ? NormalizeNfc(token.content) : token.content,
                   token.special ? -1 : token.id);
    }
  }

  int vocab_size() const override { return static_cast<int>(pieces_.size()); }

  std::vector<TokenId> Encode(std::string_view text) const override {
    std::vector<TokenId> ids;
    ids.reserve(text.size() / 4 + 1);
    Cut(literals_, text, ids, [&](std::string_view part) {
      if (nfc_ && !IsCertainlyNfc(part)) {
        const std::string normal = NormalizeNfc(part);
        EncodeNormal(normal, ids);
      } else {
        EncodeNormal(part, ids);
      }
    });
    return ids;
  }

  std::string Decode(const std::vector<TokenId>& ids) const override {
    std::string bytes;
    for (const TokenId id : ids)
      if (id >= 0 && id < vocab_size()) bytes += pieces_[static_cast<size_t>(id)];
    return ReplaceInvalidUtf8(bytes);
  }

  TokenId ControlId(std::string_view symbol) const override {
    const TokenId* id = controls_.Find(symbol);
    return id == nullptr ? -1 : *id;
  }

  TokenId unknown_id() const override { return -1; }  // every byte has a token

 private:
  // Literals become their ids; `encode` is called with the text between them.
  template <typename EncodeText>
  static void Cut(const LiteralMatcher& literals, std::string_view text, std::vector<TokenId>& ids,
                  const EncodeText& encode) {
    size_t done = 0;
    while (const auto match = literals.Find(text, done)) {
      if (match->begin > done) encode(text.substr(done, match->begin - done));
      ids.push_back(match->id);
      done = match->begin + match->size;
    }
    if (done < text.size()) encode(text.substr(done));
  }

  void EncodeNormal(std::string_view text, std::vector<TokenId>& ids) const {
    Cut(normalized_literals_, text, ids, [&](std::string_view part) {
      for (size_t begin = 0; begin < part.size();) {
        const size_t end = EndOfWord(pattern_, part, begin);
        bpe_.Encode(part.substr(begin, end - begin), ids);
        begin = end;
      }
    });
  }

  const WordPattern pattern_;
  const bool nfc_;
  const Bpe bpe_;
  std::vector<std::string> pieces_;  // by id, as bytes; empty: a special token or none
  Lookup<std::string, TokenId> controls_;
  LiteralMatcher literals_, normalized_literals_;
};

}  // namespace

std::unique_ptr<Tokenizer> MakeBpeTokenizer(BpeFile file) {
  return std::make_unique<BpeTokenizer>(std::move(file));
}

}  // namespace tuneward
