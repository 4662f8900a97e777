#include "core/text/text_stream.h"

#include <gtest/gtest.h>

#include "core/base/random.h"
#include "core/text/unicode.h"
#include "tests/unit/core/text/tokenizer_cases.h"
#include "tests/unit/core/text/toy_tokenizer.h"

namespace tuneward {
namespace {

// The tokenizers whose decoding differs: byte fallback of sentencepiece, also with the space that
// it takes off the beginning of a text and with white space folded, and byte-level BPE.
std::unique_ptr<Tokenizer> TokenizerNamed(const std::string& name) {
  if (name == "llama3" || name == "gpt2") return ReferenceTokenizer(name);
  std::string bytes = ToyTokenizerBytes();
  if (name != "toy") {  // normalizer_spec: add_dummy_prefix, remove_extra_whitespaces
    const size_t at = bytes.find(std::string("\x18\0\x20\0", 4));
    bytes[at + 1] = 1;
    bytes[at + 3] = name == "folded";
  }
  return LoadSentencepieceFromBytes(bytes).value();
}

std::vector<std::string> Streamed(const Tokenizer& tokenizer, const std::vector<TokenId>& tokens,
                                  RandomStream& cuts) {
  TextStream stream(tokenizer);
  std::vector<std::string> pieces;
  for (size_t begin = 0; begin < tokens.size();) {
    const size_t count = std::min<size_t>(1 + cuts.Below(3), tokens.size() - begin);
    pieces.push_back(stream.Add(std::span(tokens).subspan(begin, count)));
    begin += count;
  }
  pieces.push_back(stream.Finish());
  return pieces;
}

class TextStreamTest : public testing::TestWithParam<const char*> {
 protected:
  void Expect(const std::vector<TokenId>& tokens) {
    std::string all;
    for (const std::string& piece : Streamed(*tokenizer_, tokens, random_)) {
      EXPECT_EQ(ReplaceInvalidUtf8(piece), piece) << "a cut character";
      all += piece;
    }
    EXPECT_EQ(all, tokenizer_->Decode(tokens));
  }
  const std::unique_ptr<Tokenizer> tokenizer_ = TokenizerNamed(GetParam());
  RandomStream random_{7, "text_stream"};
};

TEST_P(TextStreamTest, PiecesOfRandomTokensAreTheWholeText) {
  const auto vocabulary = static_cast<uint64_t>(tokenizer_->vocab_size());
  for (int n = 0; n < 400 && !HasFailure(); ++n) {
    std::vector<TokenId> tokens(random_.Below(80));
    // Now all of the vocabulary, now mostly its beginning, where single bytes and symbols are.
    for (TokenId& token : tokens)
      token = static_cast<TokenId>(random_.Below(n % 2 == 0 ? vocabulary : 270));
    Expect(tokens);
  }
}

TEST_P(TextStreamTest, PiecesOfEncodedTextsAreTheWholeText) {
  const std::string letters[] = {" ",
                                 "  ",
                                 "a",
                                 "lift the box",
                                 "\xC3\xA9",
                                 "\xE2\x82\xAC",
                                 "\xF0\x9F\x98\x80",
                                 "\xEF\xBF\xBD",
                                 "\n",
                                 "\xE4\xB8\xAD"};
  for (int n = 0; n < 400 && !HasFailure(); ++n) {
    std::string text;
    for (uint64_t i = random_.Below(40); i > 0; --i) text += letters[random_.Below(10)];
    std::vector<TokenId> tokens = tokenizer_->Encode(text);
    if (n % 2 == 0) tokens.resize(tokens.size() / 2);  // which may cut a character
    Expect(tokens);
  }
}

TEST_P(TextStreamTest, TellsTextAsSoonAsItIsCertain) {
  TextStream stream(*tokenizer_);
  std::string told;
  const std::vector<TokenId> tokens = tokenizer_->Encode("ab\xE2\x82\xAC");
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i + 1 == tokens.size()) {
      EXPECT_EQ(told, "ab");  // the sign's last byte lacks
    }
    told += stream.Add(std::span(tokens).subspan(i, 1));
  }
  EXPECT_EQ(told, "ab\xE2\x82\xAC");
  EXPECT_EQ(stream.Finish(), "");
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, TextStreamTest,
                         testing::Values("toy", "prefixed", "folded", "llama3", "gpt2"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace tuneward
