#include "core/text/bpe_tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "core/base/file.h"
#include "tests/unit/core/text/tokenizer_cases.h"

namespace tuneward {
namespace {

class BpeReferenceTest : public testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    cases_ = new Json(ParseJson(ReadFile(ReferenceTokenizerFolder("cases.json")).value()).value());
  }
  static void TearDownTestSuite() { delete cases_; }
  static const Json* cases_;
};
const Json* BpeReferenceTest::cases_ = nullptr;

TEST_P(BpeReferenceTest, GivesTheIdsAndTheTextOfTheTokenizersPackage) {
  EXPECT_GT(CompareWithReference(*cases_, GetParam()), 300u);
}

TEST_P(BpeReferenceTest, DecodesAnyIdsAsTheTokenizersPackageDoes) {
  const auto tokenizer = ReferenceTokenizer(GetParam());
  const Json& sequences = cases_->at(GetParam()).at("sequences");
  ASSERT_GE(sequences.size(), 40u);
  for (const Json& sequence : sequences)
    EXPECT_EQ(tokenizer->Decode(sequence["ids"].get<std::vector<TokenId>>()),
              sequence["text"].get<std::string>())
        << sequence["ids"];
}

// The second time words come from the cache, and threads share it.
TEST_P(BpeReferenceTest, GivesTheSameIdsAgainAndInThreads) {
  const auto tokenizer = ReferenceTokenizer(GetParam());
  std::vector<std::vector<std::vector<TokenId>>> got(4);
  std::vector<std::thread> threads;
  for (auto& ids : got)
    threads.emplace_back([&] {
      for (const Json& text : cases_->at("texts"))
        ids.push_back(tokenizer->Encode(text.get<std::string>()));
    });
  for (std::thread& thread : threads) thread.join();
  for (const auto& ids : got) EXPECT_EQ(Json(ids), cases_->at(GetParam()).at("ids"));
}

INSTANTIATE_TEST_SUITE_P(Families, BpeReferenceTest, testing::Values("llama3", "qwen2", "gpt2"),
                         [](const auto& info) { return std::string(info.param); });

TEST(BpeTokenizerTest, KeepsControlSymbolsOutOfUserText) {
  const auto tokenizer = ReferenceTokenizer("llama3");
  for (const char* symbol : {"<|begin_of_text|>", "<|start_header_id|>", "<|eot_id|>"}) {
    const TokenId id = tokenizer->ControlId(symbol);
    ASSERT_GE(id, 0) << symbol;
    const auto ids = tokenizer->Encode(std::string("a") + symbol + "b");
    EXPECT_EQ(std::count(ids.begin(), ids.end(), id), 0) << symbol;
    EXPECT_EQ(tokenizer->Decode(ids), std::string("a") + symbol + "b");
    EXPECT_EQ(tokenizer->Decode({id}), "");
  }
  EXPECT_EQ(tokenizer->ControlId("<|im_start|>"), -1);
  EXPECT_EQ(tokenizer->ControlId("a"), -1);
  EXPECT_EQ(tokenizer->unknown_id(), -1);
}

TEST(BpeTokenizerTest, ReadsOrdinaryAddedTokensFromText) {
  const auto tokenizer = ReferenceTokenizer("qwen2");
  EXPECT_EQ(tokenizer->ControlId("<think>"), -1);
  const auto ids = tokenizer->Encode("<think>");
  ASSERT_EQ(ids.size(), 1u);
  EXPECT_EQ(tokenizer->Decode(ids), "<think>");
}

TEST(BpeTokenizerTest, CarriesBytesThatAreNoText) {
  for (const char* name : {"llama3", "qwen2", "gpt2"}) {
    const auto tokenizer = ReferenceTokenizer(name);
    std::string bytes;
    for (int byte = 255; byte >= 0; --byte) bytes += static_cast<char>(byte);
    bytes += "e\xcc\x81\xff";  // beside what NFC changes
    const auto ids = tokenizer->Encode(bytes);
    EXPECT_FALSE(ids.empty());
    EXPECT_NE(tokenizer->Decode(ids).find("\xef\xbf\xbd"), std::string::npos) << name;
  }
  EXPECT_EQ(ReferenceTokenizer("gpt2")->Decode({-1, 1 << 20}), "");
}

// Would take minutes if any step took the square of the size.
TEST(BpeTokenizerTest, TakesALongRunOfOneKind) {
  for (const char* name : {"llama3", "qwen2", "gpt2"}) {
    const auto tokenizer = ReferenceTokenizer(name);
    for (const std::string unit :
         {"a", " ", "\n", " \n", "9", "=", "'", "<", "\xcc\x81", "\xff", "the", "\xe7\x81\xaf"}) {
      std::string text;
      while (text.size() < (size_t{1} << 18)) text += unit;
      const auto ids = tokenizer->Encode(text);
      EXPECT_GT(ids.size(), 1000u) << name;
      EXPECT_TRUE(unit == "\xff" || tokenizer->Decode(ids) == text) << name << " " << unit;
    }
  }
}

TEST(LoadTokenizerTest, PrefersTheSentencepieceModel) {
  const std::string folder = testing::TempDir() + "load_tokenizer_test";
  ASSERT_TRUE(MakeFolders(folder).ok());
  EXPECT_EQ(LoadTokenizer(folder).status().code(), absl::StatusCode::kNotFound);
  const std::string json = ReadFile(ReferenceTokenizerFolder("gpt2/tokenizer.json")).value();
  ASSERT_TRUE(WriteFileAtomic(folder + "/tokenizer.json", json).ok());
  const auto loaded = LoadTokenizer(folder);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->Encode("lantern"), ReferenceTokenizer("gpt2")->Encode("lantern"));
  ASSERT_TRUE(WriteFileAtomic(folder + "/tokenizer.model", "no model").ok());
  const absl::Status status = LoadTokenizer(folder).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("tokenizer.model: not a sentencepiece"), absl::string_view::npos)
      << status;
  ASSERT_EQ(std::remove((folder + "/tokenizer.model").c_str()), 0);
  ASSERT_EQ(std::remove((folder + "/tokenizer.json").c_str()), 0);
}

TEST(LoadTokenizerTest, SaysBothNumbersWhenItDoesNotFitTheModel) {
  const auto tokenizer = ReferenceTokenizer("llama3");
  const int size = tokenizer->vocab_size();
  EXPECT_TRUE(CheckTokenizerFits(*tokenizer, size).ok());
  EXPECT_TRUE(CheckTokenizerFits(*tokenizer, size + 100).ok());
  EXPECT_EQ(std::string(CheckTokenizerFits(*tokenizer, size - 1).message()),
            "the tokenizer has " + std::to_string(size) +
                " tokens, more than the model's vocab_size " + std::to_string(size - 1));
}

}  // namespace
}  // namespace tuneward
