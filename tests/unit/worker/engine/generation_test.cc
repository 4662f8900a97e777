#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/worker/engine/tiny_model.h"

namespace tuneward {
namespace {

const std::vector<TokenId> kStop = {2};

// A model with opinions: greedy choices of fresh weights would hang on rounding.
class GenerationTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    model_ = TinyModel().release();
    TrainInputs inputs;
    inputs.rows = TinyRows(200);
    inputs.spec.lora.reset();
    inputs.spec.epochs = 6;
    inputs.spec.learning_rate = 1e-2;
    Recorder recorder;
    ASSERT_TRUE(model_->Train(inputs, "", recorder).ok());
  }
  static void TearDownTestSuite() { delete model_; }

  static std::vector<std::vector<TokenId>> Prompts(int count) {
    std::vector<std::vector<TokenId>> prompts;
    for (const TrainRow& row : TinyRows(count, 77))
      prompts.push_back(
          {row.tokens.begin(), row.tokens.begin() + static_cast<int>(row.tokens.size() / 2)});
    return prompts;
  }
  // The next token by the loss alone, without any cache: the candidate with the least NLL.
  static TokenId NextByNll(const std::vector<TokenId>& tokens) {
    std::vector<TrainRow> rows;
    for (TokenId candidate = 0; candidate < 40; ++candidate) {
      TrainRow row{"c", 0, tokens, std::vector<bool>(tokens.size(), false)};
      row.tokens.push_back(candidate);
      row.is_target.push_back(true);
      rows.push_back(row);
    }
    const auto nll = model_->Nll(rows, nullptr).value();
    return static_cast<TokenId>(std::min_element(nll.begin(), nll.end()) - nll.begin());
  }
  static BaseModel* model_;
};
BaseModel* GenerationTest::model_ = nullptr;

TEST_F(GenerationTest, TheCacheChangesNothing) {
  const auto prompts = Prompts(6);
  SamplingOptions options;
  options.max_new_tokens = 8;
  const auto got = model_->Generate(prompts, nullptr, kStop, options).value();
  for (size_t i = 0; i < prompts.size(); ++i) {
    std::vector<TokenId> tokens = prompts[i];
    std::vector<TokenId> want;
    bool stopped = false;
    while (want.size() < 8 && !stopped) {
      const TokenId next = NextByNll(tokens);
      stopped = next == kStop[0];
      if (!stopped) want.push_back(next), tokens.push_back(next);
    }
    EXPECT_EQ(got[i].tokens, want) << i;
    EXPECT_EQ(got[i].stopped, stopped) << i;
  }
}

TEST_F(GenerationTest, DoesNotDependOnTheGrouping) {
  const auto prompts = Prompts(40);
  for (const double temperature : {0.0, 0.9}) {
    SamplingOptions options;
    options.max_new_tokens = 12;
    options.temperature = temperature;
    options.top_p = 0.95;
    options.seed = 4;
    const auto together = model_->Generate(prompts, nullptr, kStop, options).value();
    for (size_t i = 0; i < prompts.size(); ++i) {
      options.first_row = i;
      const auto alone = model_->Generate({prompts[i]}, nullptr, kStop, options).value()[0];
      EXPECT_EQ(alone.tokens, together[i].tokens) << i << " at temperature " << temperature;
      EXPECT_EQ(alone.stopped, together[i].stopped);
    }
  }
}

TEST_F(GenerationTest, SamplesBySeed) {
  const auto prompts = Prompts(8);
  SamplingOptions options;
  options.temperature = 2;
  options.seed = 1;
  const auto run = [&] {
    std::vector<std::vector<TokenId>> tokens;
    const auto made = model_->Generate(prompts, nullptr, kStop, options).value();
    for (const Generation& one : made) tokens.push_back(one.tokens);
    return tokens;
  };
  const auto first = run();
  EXPECT_EQ(run(), first);
  options.seed = 2;
  EXPECT_NE(run(), first);
}

TEST_F(GenerationTest, StopsAtTheContextsEnd) {
  const std::vector<TokenId> prompt(60, 5);
  SamplingOptions options;
  options.max_new_tokens = 100;
  const auto got = model_->Generate({prompt}, nullptr, /*stops=*/{}, options).value()[0];
  EXPECT_EQ(got.tokens.size(), 4u);
  EXPECT_FALSE(got.stopped);
}

TEST_F(GenerationTest, StreamsTokensAndCancelsRows) {
  const auto prompts = Prompts(3);
  SamplingOptions options;
  options.max_new_tokens = 6;
  const auto plain = model_->Generate(prompts, nullptr, {}, options).value();
  std::vector<std::vector<TokenId>> seen(3);
  const auto got = model_
                       ->Generate(prompts, nullptr, {}, options,
                                  [&](size_t row, TokenId token) {
                                    seen[row].push_back(token);
                                    return row != 1 || seen[row].size() < 2;
                                  })
                       .value();
  EXPECT_EQ(got[1].tokens.size(), 2u);
  EXPECT_FALSE(got[1].stopped);
  for (const size_t i : {0, 2}) EXPECT_EQ(got[i].tokens, plain[i].tokens);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(seen[i], got[i].tokens);
}

TEST_F(GenerationTest, RefusesPromptsItCannotRun) {
  const SamplingOptions options;
  EXPECT_EQ(model_->Generate({{}}, nullptr, kStop, options).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(model_->Generate({{40}}, nullptr, kStop, options).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      model_->Generate({std::vector<TokenId>(64, 1)}, nullptr, kStop, options).status().code(),
      absl::StatusCode::kInvalidArgument);
  SamplingOptions bad;
  bad.top_p = 0;
  EXPECT_EQ(model_->Generate({{1}}, nullptr, kStop, bad).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(model_->Generate({}, nullptr, kStop, options).value().empty());
}

}  // namespace
}  // namespace tuneward
