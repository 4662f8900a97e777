// The engine against transformers and PEFT: numbers made by tests/reference/peft_reference.py, read
// from the folders that those wrote. The largest errors are rows of docs/results/parity.json.
#include <gtest/gtest.h>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/data/row_order.h"
#include "tests/support/result_row.h"
#include "tests/unit/worker/engine/gradient_probe.h"
#include "worker/engine/defence.h"
#include "worker/engine/peft.h"
#include "worker/engine/trainer.h"

namespace tuneward {
namespace {

using at::Tensor;

constexpr double kTolerance = 1e-4;
constexpr int kMicroBatchTokens = 32;  // several micro-batches a step, some of one row

std::string Folder() { return std::string(TUNEWARD_SOURCE_DIR) + "/tests/reference/peft/"; }

const Json& Numbers() {
  static const Json* const kNumbers =
      new Json(ParseJson(ReadFile(Folder() + "numbers.json").value()).value());
  return *kNumbers;
}

std::vector<TrainRow> Rows(size_t count, int64_t vocab) {
  std::vector<TrainRow> rows;
  for (size_t n = 0; n < count; ++n) {
    const Json& json = Numbers()["rows"][n];
    rows.push_back({"u:" + std::to_string(n + 1), 0, json["tokens"].get<std::vector<TokenId>>(),
                    json["is_target"].get<std::vector<bool>>()});
    for (TokenId& token : rows.back().tokens) token %= static_cast<TokenId>(vocab);
  }
  return rows;
}

// The larger of the absolute error and the one relative to the largest element that is wanted.
double Error(const Tensor& got, const Tensor& want) {
  EXPECT_EQ(got.sizes(), want.sizes());
  const double error = (got - want).abs().max().item<double>();
  return std::max(error, error / want.abs().max().item<double>());
}

double Error(double got, double want) {
  return std::max(std::abs(got - want), std::abs(got - want) / std::abs(want));
}

// A case of the script, with its adapter as PEFT saved it.
struct Case {
  explicit Case(const std::string& name)
      : folder(Folder() + name),
        numbers(Numbers()[name]),
        config(ParseModelConfig(ReadFile(folder + "/base/config.json").value()).value()),
        weights(LoadWeights(config, folder + "/base", at::kFloat, at::kCPU).value()),
        decoder(config, weights, at::kCPU),
        want(LoadTensors(folder + "/tensors.safetensors").value()) {}

  std::unique_ptr<Adapter> NewAdapter() const {
    return ReadAdapter(folder + "/adapter", config, at::kCPU).value();
  }
  // The largest error of tensors under PEFT's names, which the script keeps behind `prefix`.
  std::vector<TrainRow> Rows(size_t count) const { return tuneward::Rows(count, config.vocab); }
  double ErrorOf(const TensorMap& got, const std::string& prefix) const {
    EXPECT_EQ(got.size(), 2u * 7 * static_cast<size_t>(config.layers));  // A and B of 7 linears
    double error = 0;
    for (const auto& [name, tensor] : got)
      error = std::max(error, Error(tensor, want.at(prefix + name)));
    return error;
  }

  std::string folder;
  const Json& numbers;
  ModelConfig config;
  Weights weights;
  Decoder decoder;
  TensorMap want;
};

class ParityTest : public testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
  // Llama untied with rank 8 on "all-linear", and tied with rsLoRA and a head width of the plain
  // path (Gemma 3 has such a width too); Mistral is in shards. Windows are shorter than most rows.
  const Case cases_[7] = {Case("untied"),      Case("tied"),  Case("mistral"), Case("gemma2"),
                          Case("gemma3_text"), Case("qwen2"), Case("qwen3")};

  static void Record(const std::string& name, double error) {
    RecordResult({"parity", "parity." + name, error, "error", "lower", kTolerance,
                  "ctest -R engine_parity_test"});
    EXPECT_LT(error, kTolerance) << name;
  }
};

struct Steps : TrainObserver {
  std::vector<StepMetrics> steps;
  bool OnStep(const StepMetrics& metrics) override {
    steps.push_back(metrics);
    return true;
  }
  absl::Status OnCheckpoint(const std::string&, int64_t) override { return absl::OkStatus(); }
};

TrainInputs Inputs(std::vector<TrainRow> rows) {
  const Json& train = Numbers()["train"];
  TrainInputs inputs;
  inputs.rows = std::move(rows);
  inputs.spec.batch_size = Numbers()["batch_size"];
  inputs.spec.micro_batch_tokens = kMicroBatchTokens;
  inputs.spec.learning_rate = train["learning_rate"];
  inputs.spec.schedule = Schedule::kCosine;
  inputs.spec.warmup_steps = train["warmup_steps"];
  inputs.spec.weight_decay = train["weight_decay"];
  inputs.spec.beta1 = train["adam_beta1"];
  inputs.spec.beta2 = train["adam_beta2"];
  inputs.spec.epsilon = train["adam_epsilon"];
  inputs.spec.max_grad_norm = train["max_grad_norm"];
  inputs.spec.seed = Numbers()["seed"];
  return inputs;
}

TEST_F(ParityTest, LogitsOfEveryPositionAreThoseOfPeft) {
  const at::NoGradGuard no_grad;
  double error = 0;
  for (const Case& one : cases_) {
    SCOPED_TRACE(one.folder);
    const std::vector<TrainRow> rows = one.Rows(Numbers()["loss_rows"]);
    std::vector<const TrainRow*> packed;
    for (const TrainRow& row : rows) packed.push_back(&row);
    PackedBatch batch = Pack(packed, 1, at::kCPU);
    batch.target_index_N = at::arange(batch.tokens());
    const ForwardOut out = one.decoder.Forward(batch, one.NewAdapter().get());
    const Tensor logits = one.decoder.head().Logits(out.at_targets_ND);
    error = std::max(error, Error(logits, one.want.at("logits")));
  }
  Record("logits_max_error", error);
}

TEST_F(ParityTest, LossesOfTheBareBaseAreThoseOfTransformers) {
  double error = 0;
  for (const Case& one : cases_) {
    SCOPED_TRACE(one.folder);
    const auto model = BaseModel::Load(one.folder + "/base", {});
    ASSERT_TRUE(model.ok()) << model.status();
    const auto losses = (*model)->Nll(one.Rows(Numbers()["loss_rows"]), nullptr).value();
    ASSERT_EQ(losses.size(), one.numbers["base_losses"].size());
    for (size_t i = 0; i < losses.size(); ++i)
      error = std::max(error, Error(losses[i], one.numbers["base_losses"][i].get<double>()));
  }
  Record("base_loss_max_error", error);
}

// One step of the trainer over packed micro-batches against one padded batch.
TEST_F(ParityTest, LossAndGradientsOfEveryAAndBAreThoseOfPeft) {
  double loss_error = 0, gradient_error = 0;
  for (const Case& one : cases_) {
    SCOPED_TRACE(one.folder);
    TrainInputs inputs = Inputs(one.Rows(Numbers()["loss_rows"]));
    inputs.spec.batch_size = static_cast<int>(inputs.rows.size());
    inputs.spec.max_steps = 1;
    const auto adapter = one.NewAdapter(), gradients = one.NewAdapter();
    GradientProbe probe;
    Steps steps;
    ASSERT_TRUE(RunTraining(one.decoder, adapter.get(), inputs, "", probe, steps).ok());
    EXPECT_GT(probe.micros, 2u);
    loss_error =
        std::max(loss_error, Error(steps.steps[0].loss, one.numbers["loss"].get<double>()));
    const auto leaves = gradients->Leaves();
    for (size_t i = 0; i < leaves.size(); ++i) leaves[i].second.copy_(probe.seen.tensors()[i]);
    gradient_error = std::max(gradient_error, one.ErrorOf(gradients->ToTensors(), "gradient/"));
  }
  Record("loss_error", loss_error);
  Record("gradient_max_error", gradient_error);
}

// Against transformers' Trainer: accumulation weighted by targets, clipping, cosine with warm-up,
// AdamW with decay; ten steps of changing rows.
TEST_F(ParityTest, TenStepsAreThoseOfTheTrainer) {
  double losses = 0, norms = 0, weights = 0;
  const Json& order = Numbers()["order"];
  for (size_t epoch = 0; epoch < order.size(); ++epoch)
    ASSERT_EQ(EpochOrder(12, 0, Numbers()["seed"], static_cast<int>(epoch)),
              order[epoch].get<std::vector<int64_t>>());
  for (const Case& one : cases_) {
    SCOPED_TRACE(one.folder);
    TrainInputs inputs = Inputs(one.Rows(12));
    inputs.spec.epochs = static_cast<int>(order.size());
    inputs.spec.max_steps = Numbers()["steps"];
    const auto adapter = one.NewAdapter();
    const auto defence = MakeDefence("none").value();
    Steps run;
    ASSERT_TRUE(RunTraining(one.decoder, adapter.get(), inputs, "", *defence, run).ok());
    ASSERT_EQ(run.steps.size(), 10u);
    for (size_t i = 0; i < run.steps.size(); ++i) {
      losses = std::max(losses, Error(run.steps[i].loss, one.numbers["losses"][i].get<double>()));
      norms = std::max(
          norms, Error(run.steps[i].grad_norm, one.numbers["gradient_norms"][i].get<double>()));
      EXPECT_NEAR(run.steps[i].learning_rate, one.numbers["learning_rates"][i].get<double>(), 1e-9);
    }
    weights = std::max(weights, one.ErrorOf(adapter->ToTensors(), "after/"));
  }
  Record("ten_steps_loss_max_error", losses);
  Record("ten_steps_gradient_norm_max_error", norms);
  Record("ten_steps_max_error", weights);
}

TEST_F(ParityTest, GreedyGenerationIsThatOfTransformers) {
  double equal = 0, all = 0;
  for (const Case& one : cases_) {
    SCOPED_TRACE(one.folder);
    const auto model = BaseModel::Load(one.folder + "/base", {}).value();
    const auto adapter = model->LoadAdapter(one.folder + "/adapter");
    ASSERT_TRUE(adapter.ok()) << adapter.status();
    const Json& generation = one.numbers["generation"];
    std::vector<std::vector<TokenId>> prompts;
    for (const Json& row : generation["rows"]) prompts.push_back(row["prompt"]);
    SamplingOptions options;
    options.max_new_tokens = 32;
    const auto out =
        model->Generate(prompts, adapter->get(), {generation["stop"].get<TokenId>()}, options)
            .value();
    for (size_t i = 0; i < out.size(); ++i) {
      const Json& want = generation["rows"][i];
      EXPECT_EQ(out[i].tokens, want["tokens"].get<std::vector<TokenId>>()) << i;
      EXPECT_EQ(out[i].stopped, want["stopped"].get<bool>()) << i;
      equal += out[i].tokens == want["tokens"].get<std::vector<TokenId>>();
      all += 1;
    }
  }
  RecordResult({"parity", "parity.generation_equal", equal / all, "share", "higher", 1,
                "ctest -R engine_parity_test"});
}

// Every weight's gradient, biases and norms too, by three numbers each: its length and what it
// gives with two waves.
TEST_F(ParityTest, GradientsOfEveryWeightAreThoseOfTransformers) {
  double error = 0;
  for (const Case& one : cases_) {
    SCOPED_TRACE(one.folder);
    TrainInputs inputs = Inputs(one.Rows(Numbers()["loss_rows"]));
    inputs.spec.lora.reset();
    inputs.spec.batch_size = static_cast<int>(inputs.rows.size());
    inputs.spec.max_steps = 1;
    const Weights trained =
        LoadWeights(one.config, one.folder + "/base", at::kFloat, at::kCPU).value();
    const Decoder decoder(one.config, trained, at::kCPU);
    GradientProbe probe;
    Steps steps;
    ASSERT_TRUE(RunTraining(decoder, nullptr, inputs, "", probe, steps).ok());
    // The gradients take the weights' places, and so get Hugging Face's names.
    const auto leaves = trained.Leaves();
    for (size_t i = 0; i < leaves.size(); ++i) leaves[i].second.copy_(probe.seen.tensors()[i]);
    const TensorMap got = WeightsToTensors(one.config, trained, at::kFloat);
    const Json& want = one.numbers["weight_gradients"];
    ASSERT_EQ(got.size(), want.size());
    for (const auto& [name, tensor] : got) {
      ASSERT_TRUE(want.contains(name)) << name;
      const Tensor values = tensor.to(at::kDouble).reshape(-1);
      const Tensor place = at::arange(values.numel(), at::kDouble);
      const double length = want[name][0],
                   numbers[] = {values.norm().item<double>(),
                                at::dot(values, place.cos()).item<double>(),
                                at::dot(values, (place * 0.37).sin()).item<double>()};
      EXPECT_GT(length, 1e-4) << name;
      for (size_t i = 0; i < 3; ++i) {
        const double off = std::abs(numbers[i] - want[name][i].get<double>()) / length;
        EXPECT_LT(off, kTolerance) << name << " " << i;
        error = std::max(error, off);
      }
    }
  }
  Record("weight_gradient_max_error", error);
}

// In bf16 what is rounded differs, so the loss is near and not equal.
TEST_F(ParityTest, BFloat16IsNearInEveryFamily) {
  for (const Case& one : cases_) {
    SCOPED_TRACE(one.folder);
    EngineOptions options;
    options.precision = Precision::kBFloat16;
    const auto model = BaseModel::Load(one.folder + "/base", options).value();
    const auto losses = model->Nll(one.Rows(Numbers()["loss_rows"]), nullptr).value();
    for (size_t i = 0; i < losses.size(); ++i)
      EXPECT_NEAR(losses[i], one.numbers["base_losses"][i].get<double>(), 0.05) << i;
    TrainInputs inputs = Inputs(one.Rows(8));
    inputs.spec.epochs = 1;
    Steps run;
    const std::string folder = testing::TempDir() + "parity_bf16";
    ASSERT_TRUE(model->Train(inputs, folder, run).ok());
    EXPECT_EQ(run.steps.size(), 2u);
    SamplingOptions sampling;
    sampling.max_new_tokens = 12;
    const auto adapter = model->LoadAdapter(folder).value();
    EXPECT_TRUE(model->Generate({{1, 5, 9}, {1}}, adapter.get(), {2}, sampling).ok());
  }
}

}  // namespace
}  // namespace tuneward
