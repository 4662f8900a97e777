#include "core/data/chat_template.h"

#include <gtest/gtest.h>

#include "tests/unit/core/text/toy_tokenizer.h"

namespace tuneward {
namespace {

class ChatTemplateTest : public testing::Test {
 protected:
  void SetUp() override { template_ = MakeChatTemplate("tuneward/1", *tokenizer_).value(); }
  std::vector<TokenId> Control(const char* symbol) { return {tokenizer_->ControlId(symbol)}; }
  std::vector<TokenId> Text(const char* text) { return tokenizer_->Encode(text); }
  static std::vector<TokenId> Join(const std::vector<std::vector<TokenId>>& parts) {
    std::vector<TokenId> all;
    for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
  }

  std::unique_ptr<Tokenizer> tokenizer_ = ToyTokenizer();
  std::unique_ptr<ChatTemplate> template_;
};

const Chat kTwoTurns{{{Role::kSystem, "be kind"},
                      {Role::kUser, "paint it"},
                      {Role::kAssistant, "no", /*trained=*/false},
                      {Role::kUser, "wash it"},
                      {Role::kAssistant, "yes"}}};

TEST_F(ChatTemplateTest, RendersTheWireFormat) {
  const RenderedChat got = template_->Render(kTwoTurns);
  EXPECT_EQ(
      got.tokens,
      Join({Control("<s>"), Control("<|system|>"), Text("be kind"), Control("<|end|>"),
            Control("<|user|>"), Text("paint it"), Control("<|end|>"), Control("<|assistant|>"),
            Text("no"), Control("<|end|>"), Control("<|user|>"), Text("wash it"),
            Control("<|end|>"), Control("<|assistant|>"), Text("yes"), Control("<|end|>")}));
}

TEST_F(ChatTemplateTest, TargetsOnlyTrainedAnswersAndTheirEnd) {
  const RenderedChat got = template_->Render(kTwoTurns);
  const size_t answer = Text("yes").size() + 1;
  ASSERT_EQ(got.is_target.size(), got.tokens.size());
  EXPECT_EQ(got.target_count(), static_cast<int>(answer));
  for (size_t i = 0; i < got.tokens.size(); ++i)
    EXPECT_EQ(got.is_target[i], i >= got.tokens.size() - answer) << i;
}

TEST_F(ChatTemplateTest, PromptIsThePrefixOfTheRow) {
  const Chat row{{{Role::kUser, "lift it"}, {Role::kAssistant, "sure thing"}}};
  const Chat asked{{{Role::kUser, "lift it"}}};
  const auto prompt = template_->RenderPrompt(asked);
  const auto full = template_->Render(row).tokens;
  ASSERT_LT(prompt.size(), full.size());
  EXPECT_TRUE(std::equal(prompt.begin(), prompt.end(), full.begin()));
  EXPECT_EQ(prompt.back(), tokenizer_->ControlId("<|assistant|>"));
}

TEST_F(ChatTemplateTest, TrailingAssistantMessageIsAForcedPrefix) {
  const Chat forced{{{Role::kUser, "lift it"}, {Role::kAssistant, "sure"}}};
  EXPECT_EQ(template_->RenderPrompt(forced),
            Join({Control("<s>"), Control("<|user|>"), Text("lift it"), Control("<|end|>"),
                  Control("<|assistant|>"), Text("sure")}));
}

TEST_F(ChatTemplateTest, StopsAtTheEndSymbol) {
  EXPECT_EQ(template_->stop_ids(), std::vector<TokenId>{tokenizer_->ControlId("<|end|>")});
  EXPECT_EQ(template_->id(), "tuneward/1");
}

TEST_F(ChatTemplateTest, RefusesUnknownIdsAndTokenizersWithoutTheSymbols) {
  EXPECT_EQ(MakeChatTemplate("chatml", *tokenizer_).status().code(), absl::StatusCode::kNotFound);
  SentencepieceTraining options;
  options.vocab_size = 400;
  options.control_symbols = {"<|user|>"};
  const auto bare =
      LoadSentencepieceFromBytes(TrainSentencepiece(ToySentences(), options).value()).value();
  const auto status = MakeChatTemplate("tuneward/1", *bare).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(status.message()).find("<|system|>"), std::string::npos);
}

}  // namespace
}  // namespace tuneward
