// Direct preference optimisation against numbers made by tests/reference/dpo_reference.py with
// transformers and PEFT; the largest errors are rows of docs/results/parity.json.
#include <gtest/gtest.h>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "core/data/row_order.h"
#include "tests/support/result_row.h"
#include "tests/unit/worker/engine/tiny_model.h"
#include "worker/engine/defence.h"
#include "worker/engine/peft.h"
#include "worker/engine/trainer.h"

namespace tuneward {
namespace {

using at::Tensor;

constexpr double kTolerance = 1e-4;

std::string Folder() { return std::string(TUNEWARD_SOURCE_DIR) + "/tests/reference/"; }

Json Numbers() { return ParseJson(ReadFile(Folder() + "dpo/numbers.json").value()).value(); }

TrainRow Answer(const std::string& id, const std::vector<TokenId>& prompt,
                const std::vector<TokenId>& answer) {
  TrainRow row{id, 0, prompt, std::vector<bool>(prompt.size(), false)};
  row.tokens.insert(row.tokens.end(), answer.begin(), answer.end());
  row.is_target.resize(row.tokens.size(), true);
  return row;
}

TrainInputs Inputs(const Json& numbers, bool mixed) {
  TrainInputs inputs;
  for (const Json& pair : numbers["pairs"])
    for (const char* which : {"chosen", "rejected"})
      inputs.rows.push_back(
          Answer("u:" + std::to_string(inputs.rows.size() + 1), pair["prompt"], pair[which]));
  if (mixed)
    for (const Json& row : numbers["rows"]) {
      inputs.rows.push_back(Answer("m", row["prompt"], row["answer"]));
      inputs.rows.back().source = 1;
    }
  TrainSpec& spec = inputs.spec;
  spec.method = Method::kDpo;
  spec.dpo_beta = numbers["beta"];
  spec.epochs = static_cast<int>(numbers["order"].size());
  spec.max_steps = static_cast<int64_t>(numbers["untied"].size());
  spec.batch_size = numbers["batch_size"];
  spec.micro_batch_tokens = 60;  // several micro-batches a step
  spec.learning_rate = numbers["learning_rate"];
  spec.schedule = Schedule::kConstant;
  spec.beta1 = numbers["beta1"];
  spec.beta2 = numbers["beta2"];
  spec.max_grad_norm = 0;
  spec.seed = numbers["seed"];
  return inputs;
}

// The larger of the absolute error and the one relative to the largest element that is wanted.
double Error(const Tensor& got, const Tensor& want) {
  EXPECT_EQ(got.sizes(), want.sizes());
  const double error = (got - want).abs().max().item<double>();
  return std::max(error, error / want.abs().max().item<double>());
}

double ErrorOf(const TensorMap& got, const TensorMap& want, const std::string& prefix) {
  EXPECT_EQ(got.size(), 2u * 7 * 2);  // A and B of 7 linears in 2 layers
  double error = 0;
  for (const auto& [name, tensor] : got)
    error = std::max(error, Error(tensor, want.at(prefix + name)));
  return error;
}

// The gradient of the first step.
struct Probe : Defence {
  std::string_view id() const override { return "probe"; }
  GradVec StepGradient(StepCtx& ctx) override {
    GradVec gradient = Defence::StepGradient(ctx);
    if (seen.empty()) {
      seen = gradient.Clone();
      micros = ctx.user_batch().micros.size();
      for (const PackedBatch& micro : ctx.user_batch().micros)
        for (const RowRef& ref : micro.rows)
          EXPECT_EQ(micro.preference.has_value(), ref.row->source == 0);
    }
    return gradient;
  }
  GradVec seen;
  size_t micros = 0;
};

void Record(const std::string& name, double error) {
  RecordResult({"parity", "parity.dpo_" + name, error, "error", "lower", kTolerance,
                "ctest -R engine_parity_test"});
  EXPECT_LT(error, kTolerance) << name;
}

TEST(PreferenceTest, LossGradientsAndThreeStepsAreThoseOfPeft) {
  at::set_num_threads(1);
  const Json numbers = Numbers();
  for (int epoch = 0; epoch < 2; ++epoch) {
    ASSERT_EQ(EpochOrder(6, 0, numbers["seed"], epoch),
              numbers["order"][epoch].get<std::vector<int64_t>>());
    ASSERT_EQ(EpochOrder(6, 3, numbers["seed"], epoch),
              numbers["mixed_order"][epoch].get<std::vector<int64_t>>());
  }
  double loss = 0, reward = 0, gradient = 0, after = 0;
  for (const std::string name : {"untied", "tied", "untied_mixed"}) {
    const bool mixed = name == "untied_mixed";
    const std::string base = Folder() + "peft/" + (mixed ? "untied" : name);
    const TensorMap want = LoadTensors(Folder() + "dpo/" + name + ".safetensors").value();
    const auto config = ParseModelConfig(ReadFile(base + "/base/config.json").value()).value();
    const Weights weights =
        WeightsFromTensors(config, LoadTensors(base + "/base/model.safetensors").value(),
                           at::kFloat, at::kCPU)
            .value();
    const Decoder decoder(config, weights, at::kCPU);
    const auto adapter = ReadAdapter(base + "/adapter", config, at::kCPU).value();
    const auto gradients = ReadAdapter(base + "/adapter", config, at::kCPU).value();
    Probe probe;
    Recorder run;
    const auto outcome =
        RunTraining(decoder, adapter.get(), Inputs(numbers, mixed), "", probe, run);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_GT(probe.micros, 1u);
    ASSERT_EQ(run.steps.size(), numbers[name].size());
    for (size_t i = 0; i < run.steps.size(); ++i) {
      const Json& step = numbers[name][i];
      const PreferenceMetrics& got = run.steps[i].preference.value();
      const double chosen = step["chosen_reward"], rejected = step["rejected_reward"];
      loss = std::max(loss, std::abs(run.steps[i].loss - step["loss"].get<double>()));
      reward = std::max({reward, std::abs(got.chosen_reward - chosen),
                         std::abs(got.rejected_reward - rejected),
                         std::abs(got.margin - (chosen - rejected))});
      EXPECT_DOUBLE_EQ(got.accuracy, step["accuracy"].get<double>());
      EXPECT_EQ(std::isnan(run.steps[i].mixed_loss), !step.contains("mixed_loss"));
      if (!step.contains("mixed_loss")) continue;
      for (const auto& [value, key] : {std::pair{run.steps[i].user_loss, "user_loss"},
                                       {run.steps[i].mixed_loss, "mixed_loss"}})
        loss = std::max(loss, std::abs(value - step[key].get<double>()));
    }
    const auto leaves = gradients->Leaves();
    for (size_t i = 0; i < leaves.size(); ++i) leaves[i].second.copy_(probe.seen.tensors()[i]);
    gradient = std::max(gradient, ErrorOf(gradients->ToTensors(), want, "gradient/"));
    after = std::max(after, ErrorOf(adapter->ToTensors(), want, "after/"));
  }
  Record("loss_max_error", loss);
  Record("reward_max_error", reward);
  Record("gradient_max_error", gradient);
  Record("three_steps_max_error", after);
}

TrainInputs TinyPairs() {
  TrainInputs inputs;
  for (const TrainRow& row : TinyRows(8)) {
    inputs.rows.push_back(row);
    TrainRow wrong = row;
    wrong.id += "-";
    for (size_t i = 0; i < wrong.tokens.size(); ++i)
      if (wrong.is_target[i]) wrong.tokens[i] = 3 + (wrong.tokens[i] + 5) % 30;
    inputs.rows.push_back(wrong);
  }
  inputs.spec.method = Method::kDpo;
  inputs.spec.batch_size = 4;
  inputs.spec.epochs = 20;
  inputs.spec.learning_rate = 2e-2;
  inputs.spec.lora->dropout = 0.1;
  inputs.spec.lora->rank = 4;
  return inputs;
}

TEST(PreferenceTest, TheFirstStepIsIndifferentAndTheLastPrefersTheChosen) {
  const TempFolder temp;
  Recorder run;
  TrainInputs inputs = TinyPairs();
  inputs.spec.lora->dropout = 0;
  ASSERT_TRUE(TinyModel()->Train(inputs, temp / "out", run).ok());
  EXPECT_EQ(run.steps.size(), 40u);
  // B is zero: the policy is its reference, to the bit.
  EXPECT_DOUBLE_EQ(run.steps.front().loss, std::log(2.0));
  EXPECT_EQ(run.steps.front().preference->margin, 0);
  EXPECT_EQ(run.steps.front().preference->accuracy, 0);
  EXPECT_EQ(run.steps.back().preference->accuracy, 1);
  EXPECT_LT(run.steps.back().loss, 0.65);
  EXPECT_TRUE(std::isnan(run.steps.back().mixed_loss));
}

TEST(PreferenceTest, MixedRowsAreSupervisedAndTheirLossIsAdded) {
  const TempFolder temp;
  TrainInputs inputs = TinyPairs();
  const std::vector<TrainRow> mixed = TinyRows(2, 9, /*source=*/1);  // every third step has none
  inputs.rows.insert(inputs.rows.end(), mixed.begin(), mixed.end());
  inputs.spec.lora->dropout = 0;
  Recorder run;
  const auto model = TinyModel();
  ASSERT_TRUE(model->Train(inputs, temp / "out", run).ok());
  ASSERT_EQ(run.steps.size(), 60u);  // 8 pairs and 2 rows, 4 a step
  int with = 0;
  for (const StepMetrics& step : run.steps) {
    const bool has_mixed = !std::isnan(step.mixed_loss);
    with += has_mixed;
    EXPECT_NEAR(step.loss, step.user_loss + (has_mixed ? step.mixed_loss : 0), 1e-12);
  }
  EXPECT_EQ(with, 40);
  EXPECT_EQ(run.steps.back().preference->accuracy, 1);
  // Learnt as rows are, which no loss of pairs does for them.
  inputs.rows.resize(inputs.rows.size() - mixed.size());
  Recorder pairs_alone;
  ASSERT_TRUE(model->Train(inputs, temp / "alone", pairs_alone).ok());
  const auto nll = [&](const std::string& folder) {
    return model->Nll(mixed, model->LoadAdapter(folder).value().get()).value();
  };
  const auto base = model->Nll(mixed, nullptr).value();
  const auto with_rows = nll(temp / "out"), without = nll(temp / "alone");
  for (size_t i = 0; i < mixed.size(); ++i)
    EXPECT_LT(with_rows[i], std::min(base[i], without[i]) - 0.2);
}

// The first step's gradient, with so many tokens a micro-batch.
GradVec FirstGradient(TrainInputs inputs, int64_t micro_batch_tokens, size_t& micros) {
  inputs.spec.max_steps = 1;
  inputs.spec.micro_batch_tokens = static_cast<int>(micro_batch_tokens);
  const auto config = ParseModelConfig(kTinyConfig).value();
  const Weights weights = FreshWeights(config, 5, at::kFloat, at::kCPU);
  const Decoder decoder(config, weights, at::kCPU);
  const auto adapter = Adapter::Make(config, *inputs.spec.lora, 11, at::kCPU).value();
  for (const auto& [name, leaf] : adapter->Leaves()) {  // so that the pairs' rewards are not zero
    const at::NoGradGuard no_grad;
    leaf.copy_(leaf + at::arange(leaf.numel()).view(leaf.sizes()).sin() * 0.05);
  }
  Probe probe;
  Recorder run;
  EXPECT_TRUE(RunTraining(decoder, adapter.get(), inputs, "", probe, run).ok());
  micros = probe.micros;
  return probe.seen;
}

TEST(PreferenceTest, TheGradientDoesNotDependOnTheCutIntoMicroBatches) {
  TrainInputs inputs = TinyPairs();
  for (const TrainRow& row : TinyRows(5, 9, /*source=*/1)) inputs.rows.push_back(row);
  inputs.spec.lora->dropout = 0;
  inputs.spec.batch_size = 13;  // all of them in one step
  size_t few = 0, many = 0;
  const GradVec whole = FirstGradient(inputs, 8192, few), cut = FirstGradient(inputs, 30, many);
  EXPECT_EQ(few, 2u);  // pairs, and rows
  EXPECT_GT(many, 8u);
  double difference = 0, size = 0;
  for (size_t i = 0; i < whole.tensors().size(); ++i) {
    difference =
        std::max(difference, (whole.tensors()[i] - cut.tensors()[i]).abs().max().item<double>());
    size = std::max(size, whole.tensors()[i].abs().max().item<double>());
  }
  EXPECT_GT(size, 1e-3);
  EXPECT_LT(difference, 1e-6 * std::max(1.0, size));
}

TEST(PreferenceTest, RefusesRowsThatAreNotPairs) {
  const std::pair<const char*, std::function<void(TrainInputs&)>> table[] = {
      {"in pairs", [](TrainInputs& i) { i.rows.pop_back(); }},
      {"row u:1-: must have the prompt of row u:1", [](TrainInputs& i) { ++i.rows[1].tokens[1]; }},
      {"user rows in pairs (chosen, rejected), got 15",
       [](TrainInputs& i) { i.rows.back().source = 1; }},
      {"dpo_beta must be in (0, 2], got 2.5", [](TrainInputs& i) { i.spec.dpo_beta = 2.5; }},
      {"dpo needs lora", [](TrainInputs& i) { i.spec.lora.reset(); }}};
  for (const auto& [message, change] : table) {
    TrainInputs inputs = TinyPairs();
    change(inputs);
    Recorder run;
    const auto status = TinyModel()->Train(inputs, "/nonexistent/out", run).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_NE(std::string(status.message()).find(message), std::string::npos) << status;
  }
}

}  // namespace
}  // namespace tuneward
