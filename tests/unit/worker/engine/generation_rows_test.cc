#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/unit/worker/engine/tiny_model.h"

namespace tuneward {
namespace {

// Widths that are no multiple of a cache line, a head width that the fused kernels do not take. The
// CPU's library does not promise a row's bits there (nor at an odd rank).
constexpr char kOddConfig[] = R"({"architectures":["LlamaForCausalLM"],"model_type":"llama",
  "hidden_act":"silu","hidden_size":36,"num_hidden_layers":2,"num_attention_heads":3,"num_key_value_heads":1,
  "intermediate_size":44,"vocab_size":40,"max_position_embeddings":64,"rms_norm_eps":1e-5,"rope_theta":10000.0,
  "tie_word_embeddings":false})";

// A base and three adapters of different ranks and targets.
struct World {
  explicit World(const char* config)
      : model(BaseModel::Create(config, 5, {}).value()), same_bits(config == kTinyConfig) {
    for (const int rank : {2, same_bits ? 4 : 3, 8}) {
      TrainInputs inputs;
      inputs.rows = TinyRows(48, static_cast<uint64_t>(rank));
      inputs.spec.lora->rank = rank;
      if (rank == 3 || rank == 4) inputs.spec.lora->targets = {"v_proj", "up_proj", "down_proj"};
      inputs.spec.learning_rate = 5e-2;
      Recorder recorder;
      const std::string path = folder / std::to_string(rank);
      EXPECT_TRUE(model->Train(inputs, path, recorder).ok());
      adapters.push_back(model->LoadAdapter(path).value());
    }
  }
  // Of `count` rows each takes the next of the three adapters and the base.
  std::vector<GenerationRow> Rows(size_t count, const std::vector<TokenId>& begin = {}) const {
    std::vector<GenerationRow> rows;
    for (const TrainRow& made : TinyRows(static_cast<int>(count), 77)) {
      GenerationRow row;
      row.prompt = begin;
      row.prompt.insert(row.prompt.end(), made.tokens.begin(),
                        made.tokens.begin() + static_cast<int>(made.tokens.size() / 2));
      row.adapter = rows.size() % 4 == 3 ? nullptr : adapters[rows.size() % 4].get();
      row.stops = {2};
      row.sampling.max_new_tokens = 6;
      row.sampling.temperature = rows.size() % 3 == 0 ? 0 : 0.8;
      row.sampling.seed = 9;
      row.sampling.first_row = rows.size();
      row.sampling.logprobs = true;
      rows.push_back(row);
    }
    return rows;
  }
  // log p of tokens[i] after those before it, by a forward over all of them.
  double ByForward(const std::vector<TokenId>& tokens, size_t i, const Adapter* adapter) const {
    TrainRow row{"r", 0, tokens, std::vector<bool>(tokens.size(), false)};
    row.is_target[i] = true;
    return -model->Nll({row}, adapter).value()[0];
  }

  TempFolder folder;
  std::unique_ptr<BaseModel> model;
  const bool same_bits;  // whatever the rows beside a row
  std::vector<std::shared_ptr<const Adapter>> adapters;
};

class GenerationRowsTest : public testing::TestWithParam<const char*> {
 protected:
  static const World& TheWorld() {
    static std::map<std::string, World> worlds;
    return worlds.try_emplace(GetParam(), GetParam()).first->second;
  }
  // Log-probabilities are functions of all logits.
  void ExpectSame(const Generation& got, const Generation& want, size_t i) const {
    EXPECT_EQ(got.tokens, want.tokens) << i;
    EXPECT_EQ(got.forced, want.forced) << i;
    EXPECT_EQ(got.stopped, want.stopped) << i;
    ASSERT_EQ(got.logprobs.size(), want.logprobs.size()) << i;
    if (world_.same_bits) {
      EXPECT_EQ(got.logprobs, want.logprobs) << i;
    }
    for (size_t t = 0; t < got.logprobs.size(); ++t)
      EXPECT_NEAR(got.logprobs[t], want.logprobs[t], 1e-5) << i;
  }

  const World& world_ = TheWorld();
  BaseModel& model_ = *world_.model;
};

TEST_P(GenerationRowsTest, LogProbabilitiesAreThoseOfAForward) {
  const auto rows = world_.Rows(12);
  const auto got = model_.GenerateRows(rows).value();
  for (size_t i = 0; i < rows.size(); ++i) {
    std::vector<TokenId> all = rows[i].prompt;
    all.insert(all.end(), got[i].tokens.begin(), got[i].tokens.end());
    ASSERT_EQ(got[i].logprobs.size(), got[i].tokens.size());
    for (size_t t = 0; t < got[i].tokens.size(); ++t)
      EXPECT_NEAR(got[i].logprobs[t],
                  world_.ByForward(all, rows[i].prompt.size() + t, rows[i].adapter), 1e-5);
  }
  auto without = rows;
  for (GenerationRow& row : without) row.sampling.logprobs = false;
  const auto plain = model_.GenerateRows(without).value();
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(plain[i].tokens, got[i].tokens);
    EXPECT_TRUE(plain[i].logprobs.empty());
  }
}

TEST_P(GenerationRowsTest, AdaptersInOneBatchAreAsAlone) {
  const auto rows = world_.Rows(44);
  const auto together = model_.GenerateRows(rows).value();
  std::map<const Adapter*, std::vector<size_t>> by_adapter;
  for (size_t i = 0; i < rows.size(); ++i) {
    by_adapter[rows[i].adapter].push_back(i);
    ExpectSame(model_.GenerateRows({rows[i]}).value()[0], together[i], i);
  }
  ASSERT_EQ(by_adapter.size(), 4u);
  for (const auto& [adapter, chosen] : by_adapter) {
    std::vector<GenerationRow> one;
    for (const size_t i : chosen) one.push_back(rows[i]);
    const auto alone = model_.GenerateRows(one).value();
    for (size_t k = 0; k < chosen.size(); ++k) ExpectSame(alone[k], together[chosen[k]], chosen[k]);
  }
  // They are different adapters.
  auto base = rows;
  for (GenerationRow& row : base) row.adapter = nullptr;
  const auto bare = model_.GenerateRows(base).value();
  for (size_t i = 0; i < 3; ++i) EXPECT_NE(bare[i].logprobs, together[i].logprobs) << i;
}

TEST_P(GenerationRowsTest, SharedBeginningsChangeNothing) {
  std::vector<TokenId> system = {1};
  for (TokenId t = 0; t < 25; ++t) system.push_back(3 + t * 7 % 30);
  auto rows = world_.Rows(40, system);
  for (size_t i = 20; i < 28; ++i) rows[i].prompt = rows[i - 20].prompt;  // asked twice
  rows[30].prompt = system;                                               // a beginning of others
  rows[31].prompt.resize(10);
  rows[32].prompt.resize(1);
  const auto together = model_.GenerateRows(rows).value();
  for (size_t i = 0; i < rows.size(); ++i)
    ExpectSame(together[i], model_.GenerateRows({rows[i]}).value()[0], i);
}

TEST_P(GenerationRowsTest, ForcedTokensAreAsInThePrompt) {
  auto rows = world_.Rows(16);
  const std::vector<TokenId> forced = {7, 2, 11};  // a stop token among them ends nothing
  for (size_t i = 0; i < rows.size(); i += 2) rows[i].forced = forced;
  const auto got = model_.GenerateRows(rows).value();
  for (size_t i = 0; i < rows.size(); i += 2) {
    GenerationRow plain = rows[i];
    plain.prompt.insert(plain.prompt.end(), forced.begin(), forced.end());
    plain.forced.clear();
    plain.sampling.max_new_tokens -= 3;
    Generation want = model_.GenerateRows({plain}).value()[0];
    EXPECT_EQ(got[i].forced, 3u);
    ASSERT_EQ(got[i].logprobs.size(), want.logprobs.size() + 3);
    for (size_t t = 0; t < 3; ++t)
      EXPECT_NEAR(got[i].logprobs[t],
                  world_.ByForward(plain.prompt, rows[i].prompt.size() + t, plain.adapter), 1e-5);
    want.forced = 3;
    want.tokens.insert(want.tokens.begin(), forced.begin(), forced.end());
    want.logprobs.insert(want.logprobs.begin(), got[i].logprobs.begin(),
                         got[i].logprobs.begin() + 3);
    ExpectSame(got[i], want, i);
  }
  for (size_t i = 1; i < rows.size(); i += 2)
    ExpectSame(got[i], model_.GenerateRows({rows[i]}).value()[0], i);
}

TEST_P(GenerationRowsTest, ForcedTokensCanBeTheWholeAnswer) {
  auto rows = world_.Rows(3);
  rows[0].forced = {7, 8, 9, 10, 11, 12};        // max_new_tokens
  rows[1].prompt = std::vector<TokenId>(60, 5);  // and the context
  rows[1].forced = {7, 8, 9, 10};
  std::vector<std::vector<TokenId>> seen(3);
  const auto got = model_
                       .GenerateRows(rows,
                                     [&](size_t row, TokenId token) {
                                       seen[row].push_back(token);
                                       return true;
                                     })
                       .value();
  for (const size_t i : {0, 1}) {
    EXPECT_EQ(got[i].tokens, rows[i].forced);
    EXPECT_EQ(got[i].logprobs.size(), rows[i].forced.size());
    EXPECT_FALSE(got[i].stopped);
  }
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(seen[i], got[i].tokens);
  ExpectSame(got[2], model_.GenerateRows({rows[2]}).value()[0], 2);
}

TEST_P(GenerationRowsTest, EndsAtAnyOfItsStops) {
  auto rows = world_.Rows(8);
  for (GenerationRow& row : rows) row.stops.clear();
  const auto free = model_.GenerateRows(rows).value();
  for (size_t i = 0; i < rows.size(); ++i) rows[i].stops = {free[i].tokens[4], free[i].tokens[2]};
  std::vector<size_t> ended;
  const auto got = model_
                       .GenerateRows(rows, nullptr,
                                     [&](size_t row, const Generation& generation) {
                                       ended.push_back(row);
                                       EXPECT_TRUE(generation.stopped);
                                     })
                       .value();
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& all = free[i].tokens;
    const auto first =
        std::find_first_of(all.begin(), all.end(), rows[i].stops.begin(), rows[i].stops.end());
    EXPECT_EQ(got[i].tokens, std::vector<TokenId>(all.begin(), first)) << i;
    EXPECT_TRUE(got[i].stopped);
  }
  std::sort(ended.begin(), ended.end());
  EXPECT_EQ(ended, (std::vector<size_t>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST_P(GenerationRowsTest, RowsThatJoinBetweenTokensAreAsAlone) {
  auto rows = world_.Rows(20);
  for (size_t i = 0; i < rows.size(); ++i)
    rows[i].sampling.max_new_tokens = 1 + static_cast<int>(i * 5 % 13);
  rows[17].sampling.max_new_tokens = 60;  // the cache grows under those that run
  rows[9].stops.clear();                  // is cancelled
  rows[9].sampling.max_new_tokens = 8;
  rows[4].forced = {7, 8};
  rows[4].sampling.max_new_tokens = 5;
  std::map<size_t, std::vector<TokenId>> seen;
  std::map<size_t, Generation> got;
  const auto batch = model_.NewRowBatch(
      [&](size_t id, TokenId token) {
        seen[id].push_back(token);
        return id != 9 || seen[id].size() < 3;
      },
      [&](size_t id, const Generation& generation) { got[id] = generation; });
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSERT_TRUE(batch->HasRoomFor(rows[i]));
    ASSERT_TRUE(batch->Add(i, rows[i]).ok());
    if (i % 3 != 0) continue;  // several join together
    ASSERT_TRUE(batch->Step().ok());
  }
  EXPECT_GT(batch->rows(), 3u);
  while (batch->rows() > 0) ASSERT_TRUE(batch->Step().ok());
  ASSERT_EQ(got.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(seen[i], got[i].tokens);
    Generation want = model_.GenerateRows({rows[i]}).value()[0];
    if (i == 9) {
      want.tokens.resize(3), want.logprobs.resize(3);
      want.stopped = false;
    }
    ExpectSame(got[i], want, i);
  }
  EXPECT_FALSE(batch->Add(0, {}).ok());
}

TEST_P(GenerationRowsTest, ABatchSaysWhenItsCacheIsFull) {
  const auto batch = model_.NewRowBatch(nullptr, nullptr);
  GenerationRow row = world_.Rows(1)[0];
  row.stops.clear();
  size_t taken = 0;
  for (; batch->HasRoomFor(row); ++taken) ASSERT_TRUE(batch->Add(taken, row).ok());
  EXPECT_EQ(taken, 256u);
  ASSERT_TRUE(batch->Step().ok());
  EXPECT_EQ(batch->rows(), 256u);
}

TEST_P(GenerationRowsTest, TellsWhatIsWrongWithWhichRow) {
  const auto refused = [&](auto&& change, const std::string& why) {
    auto rows = world_.Rows(2);
    change(rows[1]);
    const absl::Status status = model_.GenerateRows(rows).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(std::string(status.message()), "row 1: " + why);
  };
  refused([](GenerationRow& row) { row.prompt.clear(); },
          "the prompt must have 1 to 63 tokens, got 0");
  refused([](GenerationRow& row) { row.forced.assign(7, 5); },
          "forced tokens must be at most max_new_tokens, 6, got 7");
  refused([](GenerationRow& row) { row.prompt.assign(60, 5), row.forced.assign(5, 5); },
          "prompt and forced tokens must fit the context of 64, got 60 + 5");
  refused([](GenerationRow& row) { row.forced = {40}; },
          "forced token 40 is outside the vocabulary of 40");
  refused([](GenerationRow& row) { row.sampling.temperature = -1; },
          "temperature must be in [0, 100], got -1");
}

INSTANTIATE_TEST_SUITE_P(Models, GenerationRowsTest, testing::Values(kTinyConfig, kOddConfig),
                         [](const auto& info) { return info.index == 0 ? "Even" : "Odd"; });

}  // namespace
}  // namespace tuneward
