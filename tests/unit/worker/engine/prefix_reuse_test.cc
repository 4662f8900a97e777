// Chats with a cache of prefixes against the same rows without any.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/unit/worker/engine/tiny_model.h"

namespace tuneward {
namespace {

// Widths at which the CPU's library does not promise a row's bits (generation_rows_test.cc), and a
// family with windows, whose head width is no multiple of 8.
constexpr char kOddConfig[] = R"({"architectures":["LlamaForCausalLM"],"model_type":"llama",
  "hidden_act":"silu","hidden_size":36,"num_hidden_layers":2,"num_attention_heads":3,"num_key_value_heads":1,
  "intermediate_size":44,"vocab_size":40,"max_position_embeddings":64,"rms_norm_eps":1e-5,"rope_theta":10000.0,
  "tie_word_embeddings":false})";
constexpr char kWindowConfig[] = R"({"architectures":["MistralForCausalLM"],"model_type":"mistral",
  "hidden_act":"silu","hidden_size":32,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,
  "intermediate_size":48,"vocab_size":40,"max_position_embeddings":64,"rms_norm_eps":1e-5,"rope_theta":10000.0,
  "sliding_window":20,"tie_word_embeddings":false})";

struct World {
  explicit World(const char* config) : plain(BaseModel::Create(config, 5, {}).value()) {
    EngineOptions options;
    options.prefix_cache_bytes = 1 << 20;
    cached = BaseModel::Create(config, 5, options).value();
    TrainInputs inputs;
    inputs.rows = TinyRows(48);
    inputs.spec.lora->rank = 4;
    inputs.spec.learning_rate = 5e-2;
    Recorder recorder;
    EXPECT_TRUE(plain->Train(inputs, folder / "adapter", recorder).ok());
  }
  TempFolder folder;
  std::unique_ptr<BaseModel> plain, cached;  // equal weights
};

class PrefixReuseTest : public testing::TestWithParam<const char*> {
 protected:
  // A chat after a system prompt of 37 tokens.
  static GenerationRow Row(size_t i, int system = 37) {
    GenerationRow row;
    for (TokenId t = 0; t < system; ++t) row.prompt.push_back(3 + t * 7 % 30);
    const std::vector<TokenId> user = TinyRows(static_cast<int>(i) + 1, 77).back().tokens;
    row.prompt.insert(row.prompt.end(), user.begin(), user.end());
    row.stops = {2};
    row.sampling.max_new_tokens = 6;
    row.sampling.temperature = i % 2 == 0 ? 0 : 0.8;
    row.sampling.seed = i;
    row.sampling.logprobs = true;
    return row;
  }
  // Tokens in whole blocks that leave the last token to compute.
  static int64_t Whole(const GenerationRow& row) {
    return static_cast<int64_t>((row.prompt.size() - 1) / 16 * 16);
  }
  struct Made {
    std::vector<Generation> answers;
    PromptCounts prompts;
  };
  static Made Chat(BaseModel& model, const std::vector<GenerationRow>& rows) {
    Made made;
    made.answers.resize(rows.size());
    const auto batch = model.NewRowBatch(
        nullptr, [&](size_t id, const Generation& answer) { made.answers[id] = answer; });
    for (size_t i = 0; i < rows.size(); ++i) EXPECT_TRUE(batch->Add(i, rows[i]).ok());
    while (batch->rows() > 0) EXPECT_TRUE(batch->Step().ok());
    made.prompts = batch->prompts();
    return made;
  }
  // With the cache as without; returns how many tokens of prompts were reused.
  int64_t Compare(const std::vector<GenerationRow>& rows) {
    std::vector<GenerationRow> of_plain = rows;
    for (GenerationRow& row : of_plain) row.adapter = row.adapter ? plain_adapter_.get() : nullptr;
    const Made got = Chat(*world_.cached, rows);
    int64_t tokens = 0;
    for (size_t i = 0; i < rows.size(); ++i) {
      tokens += static_cast<int64_t>(rows[i].prompt.size() + rows[i].forced.size());
      const Generation want = world_.plain->GenerateRows({of_plain[i]}).value()[0];
      EXPECT_EQ(got.answers[i].tokens, want.tokens) << i;
      if (GetParam() != kOddConfig) {
        EXPECT_EQ(got.answers[i].logprobs, want.logprobs) << i;
      }
      EXPECT_EQ(got.answers[i].logprobs.size(), want.logprobs.size());
      for (size_t t = 0; t < std::min(want.logprobs.size(), got.answers[i].logprobs.size()); ++t)
        EXPECT_NEAR(got.answers[i].logprobs[t], want.logprobs[t], 1e-5) << i;
    }
    EXPECT_EQ(got.prompts.tokens, tokens);
    return got.prompts.reused;
  }

  World world_{GetParam()};
  std::shared_ptr<const Adapter> plain_adapter_ =
      world_.plain->LoadAdapter(world_.folder / "adapter").value();
  std::shared_ptr<const Adapter> adapter_ =
      world_.cached->LoadAdapter(world_.folder / "adapter").value();
};

TEST_P(PrefixReuseTest, AnswersAreThoseWithoutTheCache) {
  EXPECT_EQ(Compare({Row(0)}), 0);
  EXPECT_GT(world_.cached->prefix_cache_bytes(), 0);
  EXPECT_EQ(Compare({Row(1)}), 32);  // two blocks of 16 of the system prompt
  EXPECT_EQ(Compare({Row(2), Row(3), Row(4)}), 96);
  // Asked again.
  EXPECT_EQ(Compare({Row(2)}), Whole(Row(2)));
  // A beginning of what is stored, one that ends within a block that another row takes whole, and
  // something else.
  std::vector<GenerationRow> rows = {Row(0), Row(0), Row(1), Row(5, 0)};
  rows[0].prompt.resize(32);
  rows[2].prompt.resize(20);
  EXPECT_EQ(Compare(rows), 16 + Whole(Row(0)) + 16);
}

TEST_P(PrefixReuseTest, AnAdapterHasPrefixesOfItsOwn) {
  GenerationRow with = Row(0), without = Row(0);
  with.adapter = adapter_.get();
  EXPECT_EQ(Compare({without}), 0);
  EXPECT_EQ(Compare({with}), 0);
  EXPECT_EQ(Compare({with, without, with}), 3 * Whole(Row(0)));
  // Loaded anew it is another one.
  adapter_ = world_.cached->LoadAdapter(world_.folder / "adapter").value();
  with.adapter = adapter_.get();
  EXPECT_EQ(Compare({with}), 0);
}

TEST_P(PrefixReuseTest, LogProbabilitiesOfForcedTokensAreComputed) {
  EXPECT_EQ(Compare({Row(0)}), 0);
  GenerationRow row = Row(0, 37);
  row.forced = {row.prompt.end() - 6, row.prompt.end()};
  row.prompt.resize(row.prompt.size() - 6);
  EXPECT_EQ(Compare({row}), Whole(row));
}

TEST_P(PrefixReuseTest, TheCacheStaysWithinItsBytes) {
  EngineOptions options;
  options.prefix_cache_bytes = 40'000;
  const auto small = BaseModel::Create(GetParam(), 5, options).value();
  int64_t most = 0, reused = 0;
  for (size_t i = 0; i < 20; ++i) {
    GenerationRow row = Row(i % 5, 30);
    row.prompt[0] = 3 + static_cast<TokenId>(i % 3);
    reused += Chat(*small, {row}).prompts.reused;
    most = std::max(most, small->prefix_cache_bytes());
  }
  EXPECT_GT(most, 20'000);
  EXPECT_LE(most, 40'000);
  EXPECT_GT(reused, 0);
}

TEST_P(PrefixReuseTest, TrainingTheBaseEmptiesIt) {
  Chat(*world_.cached, {Row(0)});
  TrainInputs inputs;
  inputs.rows = TinyRows(8);
  inputs.spec.lora.reset();
  inputs.spec.max_steps = 1;
  Recorder recorder;
  ASSERT_TRUE(world_.cached->Train(inputs, "", recorder).ok());
  EXPECT_EQ(world_.cached->prefix_cache_bytes(), 0);
  EXPECT_EQ(Chat(*world_.cached, {Row(0)}).prompts.reused, 0);
}

TEST(PrefixCacheOptionTest, NegativeBytesAreRefused) {
  EngineOptions options;
  options.prefix_cache_bytes = -1;
  EXPECT_EQ(BaseModel::Create(kTinyConfig, 5, options).status().code(),
            absl::StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    Models, PrefixReuseTest, testing::Values(kTinyConfig, kOddConfig, kWindowConfig),
    [](const auto& info) {
      return std::string(info.index == 0 ? "Even" : info.index == 1 ? "Odd" : "Window");
    });

}  // namespace
}  // namespace tuneward
