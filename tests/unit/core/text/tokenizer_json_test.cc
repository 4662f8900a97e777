#include "core/text/tokenizer_json.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/base/file.h"
#include "tests/unit/core/text/tokenizer_cases.h"

namespace tuneward {
namespace {

class TokenizerJsonTest : public testing::Test {
 protected:
  // What is said of a good file after `change`; empty: it is accepted.
  std::string Refusal(const std::function<void(Json&)>& change) const {
    Json changed = good_;
    change(changed);
    const auto read = ParseTokenizerJson(changed.dump());
    EXPECT_TRUE(read.ok() || absl::IsInvalidArgument(read.status())) << read.status();
    return read.ok() ? "" : std::string(read.status().message());
  }
  const std::string text_ = ReadFile(ReferenceTokenizerFolder("qwen2/tokenizer.json")).value();
  const Json good_ = ParseJson(text_).value();
};

TEST_F(TokenizerJsonTest, ReadsWhatTheFileSays) {
  const auto qwen = ParseTokenizerJson(text_);
  ASSERT_TRUE(qwen.ok()) << qwen.status();
  EXPECT_EQ(qwen->pattern, WordPattern::kQwen2);
  EXPECT_TRUE(qwen->nfc);
  EXPECT_FALSE(qwen->ignore_merges);
  EXPECT_EQ(qwen->tokens.size(), good_["model"]["vocab"].size() + good_["added_tokens"].size());
  EXPECT_EQ(qwen->merges.size(), good_["model"]["merges"].size());
  const auto llama =
      ParseTokenizerJson(ReadFile(ReferenceTokenizerFolder("llama3/tokenizer.json")).value());
  ASSERT_TRUE(llama.ok()) << llama.status();
  EXPECT_EQ(llama->pattern, WordPattern::kLlama3);
  EXPECT_FALSE(llama->nfc);
  EXPECT_TRUE(llama->ignore_merges);
}

TEST_F(TokenizerJsonTest, RefusesEveryBeginningOfAFile) {
  for (size_t size = 0; size < text_.size() - 2; size += 97) {
    const auto read = ParseTokenizerJson(std::string_view(text_).substr(0, size));
    ASSERT_TRUE(absl::IsInvalidArgument(read.status())) << size;
  }
}

TEST_F(TokenizerJsonTest, NamesKeyAndValueOfWhatIsWrong) {
  const struct {
    std::function<void(Json&)> change;
    const char* says;
  } cases[] = {
      {[](Json& j) { j = Json::array(); }, "$: must be an object, got []"},
      {[](Json& j) { j.erase("model"); }, "model: must be an object, got nothing"},
      {[](Json& j) { j["model"] = 7; }, "model: must be an object, got 7"},
      {[](Json& j) { j["model"]["type"] = "Unigram"; }, "model.type: must be \"BPE\""},
      {[](Json& j) { j["model"].erase("type"); }, "model.type: must be \"BPE\""},
      {[](Json& j) { j["model"]["byte_fallback"] = true; }, "model.byte_fallback: must be false"},
      {[](Json& j) { j["model"]["dropout"] = 0.1; }, "model.dropout: must be null"},
      {[](Json& j) { j["model"]["ignore_merges"] = 1; }, "model.ignore_merges: must be true or"},
      {[](Json& j) { j["model"]["end_of_word_suffix"] = "</w>"; }, "model.end_of_word_suffix: "},
      {[](Json& j) { j["model"]["vocab"] = Json::array(); }, "model.vocab: must be an object"},
      {[](Json& j) { j["model"]["vocab"]["the"] = "x"; },
       "model.vocab[\"the\"]: must be an integer in [0, 1048575], got \"x\""},
      {[](Json& j) { j["model"]["vocab"]["the"] = -1; },
       "model.vocab[\"the\"]: must be an integer"},
      {[](Json& j) { j["model"]["vocab"]["the"] = 1 << 20; }, "got 1048576"},
      {[](Json& j) { j["model"]["vocab"]["the"] = uint64_t{1} << 63; }, "got 9223372036854775808"},
      {[](Json& j) { j["model"]["vocab"]["the"] = 1.0; }, "got 1.0"},
      {[](Json& j) { j["model"]["vocab"]["zzz"] = 5; },
       "model.vocab[\"zzz\"]: id 5 is that of another token, "},
      {[](Json& j) { j["model"]["vocab"][""] = 9000; }, "the token must not be empty"},
      {[](Json& j) { j["model"]["vocab"].erase("Q"); },
       "model.vocab[\"Q\"]: is missing: it is the token of byte 81"},
      {[](Json& j) { j["model"].erase("merges"); }, "model.merges: must be a list, got nothing"},
      {[](Json& j) { j["model"]["merges"][3] = "abc"; },
       "model.merges[3]: must be two tokens, \"a b\" or [\"a\", \"b\"], got \"abc\""},
      {[](Json& j) { j["model"]["merges"][3] = "a b c"; }, "model.merges[3]: must be two tokens"},
      {[](Json& j) {
         j["model"]["merges"][3] = {"a", 1};
       },
       "model.merges[3]: must be two tokens"},
      {[](Json& j) {
         j["model"]["merges"][3] = {"a", "nobody"};
       },
       "model.merges[3]: names a token that model.vocab lacks, \"nobody\""},
      {[](Json& j) { j["model"]["merges"][3] = "Q Z"; },
       "model.merges[3]: names a token that model.vocab lacks, \"QZ\""},
      {[](Json& j) { j["model"]["merges"][3] = j["model"]["merges"][2]; },
       "model.merges[3]: must not be there twice"},
      {[](Json& j) {
         j["normalizer"] = {{"type", "NFKC"}};
       },
       "normalizer: must be null or NFC"},
      {[](Json& j) {
         j["normalizer"] = {{"type", "Sequence"},
                            {"normalizers", {{{"type", "NFC"}}, {{"type", "Lowercase"}}}}};
       },
       "normalizer.normalizers[1]: must be null or NFC"},
      {[](Json& j) {
         j["normalizer"] = {{"type", "Sequence"}};
       },
       "normalizer.normalizers: must be"},
      {[](Json& j) { j["pre_tokenizer"] = nullptr; }, "pre_tokenizer: must be ByteLevel, or Split"},
      {[](Json& j) { j["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "\\w+"; },
       "pre_tokenizer.pretokenizers[0].pattern.Regex: is not a split pattern of this build, which "
       "are those of GPT-2, Llama 3 (GPT-4) and Qwen 2, got \"\\\\w+\""},
      {[](Json& j) {
         j["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {{"String", " "}};
       },
       "pattern.Regex: must be a string"},
      {[](Json& j) { j["pre_tokenizer"]["pretokenizers"][0]["behavior"] = "Removed"; },
       "pretokenizers[0].behavior: must be \"Isolated\", got \"Removed\""},
      {[](Json& j) { j["pre_tokenizer"]["pretokenizers"][0]["invert"] = true; },
       ".invert: must be"},
      {[](Json& j) { j["pre_tokenizer"]["pretokenizers"][1]["add_prefix_space"] = true; },
       "pretokenizers[1].add_prefix_space: must be false"},
      {[](Json& j) { j["pre_tokenizer"]["pretokenizers"][1]["use_regex"] = true; },
       "pretokenizers[1].use_regex: must be false"},
      {[](Json& j) {
         j["decoder"] = {{"type", "Fuse"}};
       },
       "decoder: must be ByteLevel, got {"},
      {[](Json& j) {
         j["added_tokens"] = {{"a", 1}};
       },
       "added_tokens: must be a list"},
      {[](Json& j) { j["added_tokens"][0] = 3; }, "added_tokens[0]: must be an object, got 3"},
      {[](Json& j) { j["added_tokens"][0]["content"] = ""; }, "added_tokens[0].content: must be a"},
      {[](Json& j) { j["added_tokens"][0]["id"] = 1 << 20; }, "added_tokens[0].id: must be an int"},
      {[](Json& j) { j["added_tokens"][0]["id"] = 5; }, "added_tokens[0]: id 5 is that of another"},
      {[](Json& j) { j["added_tokens"][0]["content"] = "the"; }, "as in model.vocab, got "},
      {[](Json& j) { j["added_tokens"][0]["special"] = "yes"; },
       "added_tokens[0].special: must be"},
      {[](Json& j) { j["added_tokens"][1] = j["added_tokens"][0]; }, "must not be added twice"},
      {[](Json& j) { j["added_tokens"][3]["lstrip"] = true; },
       "added_tokens[3].lstrip: must be false: it is supported for special tokens only"},
      {[](Json& j) {
         j["added_tokens"][0] = {
             {"id", j["model"]["vocab"]["Q"]}, {"content", "Q"}, {"special", true}};
       },
       "a byte's token must not be special: text would become it"},
      {[](Json& j) {
         j["added_tokens"][0] = {
             {"id", j["model"]["vocab"]["the"]}, {"content", "the"}, {"special", true}};
       },
       "must not make a special token: text would become it"},
  };
  for (const auto& c : cases) {
    const std::string refusal = Refusal(c.change);
    EXPECT_NE(refusal.find(c.says), std::string::npos)
        << "want: " << c.says << "\ngot: " << refusal;
  }
}

TEST_F(TokenizerJsonTest, TakesBothFormsOfMerges) {
  const auto pairs = ParseTokenizerJson(text_);
  Json strings = good_;
  for (Json& merge : strings["model"]["merges"])
    merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  const auto read = ParseTokenizerJson(strings.dump());
  ASSERT_TRUE(pairs.ok() && read.ok()) << read.status();
  ASSERT_EQ(read->merges.size(), pairs->merges.size());
  for (size_t i = 0; i < read->merges.size(); ++i)
    EXPECT_EQ(read->merges[i].made, pairs->merges[i].made);
}

TEST_F(TokenizerJsonTest, IgnoresWhatDecidesOverNoId) {
  EXPECT_EQ(Refusal([](Json& j) { j["post_processor"] = {{"type", "TemplateProcessing"}}; }), "");
  EXPECT_EQ(Refusal([](Json& j) { j["truncation"] = {{"max_length", 3}}; }), "");
  EXPECT_EQ(Refusal([](Json& j) { j["added_tokens"][0]["rstrip"] = true; }), "");
  EXPECT_EQ(Refusal([](Json& j) { j.erase("normalizer"); }), "");
}

TEST(LoadTokenizerJsonTest, NamesTheFile) {
  const absl::Status status = LoadTokenizerFromBytes(kTokenizerJsonFile, "{\"model\":{}}").status();
  EXPECT_EQ(
      status.message(),
      "tokenizer.json: model.type: must be \"BPE\": no other model is supported, got nothing");
}

}  // namespace
}  // namespace tuneward
