// The engine against numbers made by tests/reference/llama_reference.py with plain PyTorch.
#include <gtest/gtest.h>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <cmath>

#include "core/base/file.h"
#include "core/base/json.h"
#include "worker/engine/defence.h"
#include "worker/engine/prefill.h"
#include "worker/engine/trainer.h"

namespace tuneward {
namespace {

using at::Tensor;

Json Reference(size_t which) {
  const std::string path =
      std::string(TUNEWARD_SOURCE_DIR) + "/tests/reference/llama_reference.json";
  return ParseJson(ReadFile(path).value()).value().at(which);
}

ModelConfig Config(const Json& reference) {
  const Json& c = reference["config"];
  ModelConfig config;
  config.layers = c["layers"];
  config.hidden = c["hidden"];
  config.heads = c["heads"];
  config.kv_heads = c["kv_heads"];
  config.head_dim = c["head_dim"];
  config.intermediate = c["intermediate"];
  config.vocab = c["vocab"];
  config.context = 128;
  config.rms_eps = c["eps"];
  config.rope.theta = c["theta"];
  return config;
}

// The script's formula: 0.2 sin(0.7 i + 1.3 n + 0.1).
Tensor Fill(at::IntArrayRef shape, int64_t n) {
  Tensor tensor = at::empty(shape, at::kFloat);
  for (int64_t i = 0; i < tensor.numel(); ++i)
    tensor.data_ptr<float>()[i] = static_cast<float>(
        0.2 * std::sin(0.7 * static_cast<double>(i) + 1.3 * static_cast<double>(n) + 0.1));
  return tensor;
}

Weights MakeWeights(const ModelConfig& config) {
  TensorMap tensors =
      WeightsToTensors(config, FreshWeights(config, 0, at::kFloat, at::kCPU), at::kFloat);
  int64_t n = 0;
  for (auto& [name, tensor] : tensors) {
    tensor = Fill(tensor.sizes(), n++);
    if (name.find("norm") != std::string::npos) tensor.add_(1);
  }
  return WeightsFromTensors(config, tensors, at::kFloat, at::kCPU).value();
}

std::unique_ptr<Adapter> MakeAdapter(const ModelConfig& config, const Json& reference) {
  LoraSpec spec;
  spec.rank = reference["lora"]["rank"];
  spec.alpha = reference["lora"]["alpha"];
  spec.targets = {"q_proj", "v_proj", "down_proj"};
  TensorMap tensors = Adapter::Make(config, spec, 0, at::kCPU).value()->ToTensors();
  int64_t n = 100;  // modules in name order, A before B
  for (auto& [name, tensor] : tensors) tensor = Fill(tensor.sizes(), n++);
  return Adapter::FromTensors(config, spec, tensors, at::kCPU).value();
}

std::vector<TrainRow> Rows(const Json& reference) {
  std::vector<TrainRow> rows;
  for (const Json& json : reference["rows"]) {
    TrainRow row;
    row.id = "u:" + std::to_string(rows.size() + 1);
    row.tokens = json["tokens"].get<std::vector<TokenId>>();
    for (size_t i = 0; i < row.tokens.size(); ++i)
      row.is_target.push_back(i >= json["first_target"].get<size_t>());
    rows.push_back(row);
  }
  return rows;
}

struct Losses : TrainObserver {
  std::vector<StepMetrics> steps;
  bool OnStep(const StepMetrics& metrics) override {
    steps.push_back(metrics);
    return true;
  }
  absl::Status OnCheckpoint(const std::string&, int64_t) override { return absl::OkStatus(); }
};

// By the reference's head width: 4 takes the plain path, 8 the fused kernels where the machine has
// them.
class ReferenceTest : public testing::TestWithParam<size_t> {
 protected:
  void SetUp() override { at::set_num_threads(1); }

  PackedBatch AllRows() {
    std::vector<const TrainRow*> rows;
    for (const TrainRow& row : rows_) rows.push_back(&row);
    return Pack(rows, 1, at::kCPU);
  }
  void ExpectNll(const Adapter* adapter, const Json& want) {
    const at::NoGradGuard no_grad;
    const PackedBatch batch = AllRows();
    const ForwardOut out = decoder_.Forward(batch, adapter);
    const Tensor nll = decoder_.head().Nll(out.at_targets_ND, batch.target_N, batch.weight_N).nll_N;
    for (size_t i = 0; i < rows_.size(); ++i)
      EXPECT_NEAR(
          nll.narrow(0, batch.rows[i].first_target, batch.rows[i].targets).mean().item<double>(),
          want[i].get<double>(), 5e-6);
  }
  // Every row in one step, so their order within the batch does not matter.
  TrainInputs Inputs(bool lora, double decay) {
    TrainInputs inputs;
    inputs.rows = rows_;
    inputs.spec.epochs = 3;
    inputs.spec.batch_size = 4;
    inputs.spec.learning_rate = 0.01;
    inputs.spec.schedule = Schedule::kConstant;
    inputs.spec.weight_decay = decay;
    inputs.spec.max_grad_norm = 0.5;
    if (!lora) inputs.spec.lora.reset();
    return inputs;
  }
  static void ExpectRun(const std::vector<StepMetrics>& steps, const TensorMap& weights,
                        const Json& want) {
    ASSERT_EQ(steps.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(steps[i].loss, want["losses"][i].get<double>(), 2e-5) << i;
      EXPECT_NEAR(steps[i].grad_norm, want["norms"][i].get<double>(), 1e-4) << i;
    }
    ASSERT_EQ(weights.size(), want["weights"].size());
    for (const auto& [name, tensor] : weights) {
      const Tensor values = tensor.to(at::kDouble).reshape(-1);
      const Tensor wave = at::cos(at::arange(values.numel(), at::kDouble));
      EXPECT_NEAR(values.sum().item<double>(), want["weights"][name][0].get<double>(), 2e-3)
          << name;
      EXPECT_NEAR(at::dot(values, wave).item<double>(), want["weights"][name][1].get<double>(),
                  2e-3)
          << name;
    }
  }

  const Json reference_ = Reference(GetParam());
  const ModelConfig config_ = Config(reference_);
  const Weights weights_ = MakeWeights(config_);
  const Decoder decoder_{config_, weights_, at::kCPU};
  const std::vector<TrainRow> rows_ = Rows(reference_);
};

TEST_P(ReferenceTest, LogitsAreThoseOfPlainPyTorch) {
  const at::NoGradGuard no_grad;
  const std::vector<PrefillRow> prompts = {{rows_[1].tokens, nullptr, 0, rows_[1].tokens.size()},
                                           {rows_[0].tokens, nullptr, 1, rows_[0].tokens.size()}};
  KvCache cache(config_, at::kFloat);
  cache.Reserve(2, config_.context);
  const Tensor logits = RunPrefill(decoder_, prompts, cache).logits_BV;
  for (int64_t v = 0; v < config_.vocab; ++v)
    EXPECT_NEAR(logits[1][v].item<double>(), reference_["logits_row0_last"][v].get<double>(), 5e-6)
        << v;
}

TEST_P(ReferenceTest, LossesAreThoseOfPlainPyTorch) {
  ExpectNll(nullptr, reference_["nll"]);
  ExpectNll(MakeAdapter(config_, reference_).get(), reference_["lora_nll"]);
}

TEST_P(ReferenceTest, FullTrainingTakesTheSameSteps) {
  Losses losses;
  const auto defence = MakeDefence("none").value();
  ASSERT_TRUE(RunTraining(decoder_, nullptr, Inputs(false, 0.1), "", *defence, losses).ok());
  ExpectRun(losses.steps, WeightsToTensors(config_, weights_, at::kFloat), reference_["full"]);
}

TEST_P(ReferenceTest, AdapterTrainingTakesTheSameSteps) {
  Losses losses;
  const auto defence = MakeDefence("none").value();
  const auto adapter = MakeAdapter(config_, reference_);
  ASSERT_TRUE(RunTraining(decoder_, adapter.get(), Inputs(true, 0), "", *defence, losses).ok());
  ExpectRun(losses.steps, adapter->ToTensors(), reference_["adapter"]);
}

// Two equal halves of the same gradient, with a perturbation that is undone in between: plain
// training to the last bit.
class HalvesDefence final : public Defence {
 public:
  std::string_view id() const override { return "halves"; }
  GradVec StepGradient(StepCtx& ctx) override {
    const LossFn loss = [this](const PackedBatch& batch, const ForwardOut& out,
                               const LmHead& head) { return Loss(batch, out, head); };
    GradVec sum = ctx.Grad(ctx.user_batch(), loss).values;
    {
      const ScopedPerturb moved(ctx.leaves(), sum, 0.3);
      moved_ = ctx.Grad(ctx.user_batch(), loss).loss;
    }
    const Gradient again = ctx.Grad(ctx.user_batch(), loss);
    here_ = again.loss;
    sum.Axpy(1, again.values);
    sum.Scale(0.5);
    return sum;
  }
  double moved_ = 0, here_ = 0;
};

TEST_P(ReferenceTest, ADefenceThatChangesNothingGivesTheSameBits) {
  TrainInputs inputs = Inputs(true, 0);
  const auto plain = MakeAdapter(config_, reference_), defended = MakeAdapter(config_, reference_);
  Losses losses;
  const auto none = MakeDefence("none").value();
  ASSERT_TRUE(RunTraining(decoder_, plain.get(), inputs, "", *none, losses).ok());
  HalvesDefence halves;
  ASSERT_TRUE(RunTraining(decoder_, defended.get(), inputs, "", halves, losses).ok());
  EXPECT_GT(halves.moved_, halves.here_);  // the perturbation went uphill
  const TensorMap a = plain->ToTensors(), b = defended->ToTensors();
  for (const auto& [name, tensor] : a) EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
}

INSTANTIATE_TEST_SUITE_P(HeadWidths, ReferenceTest, testing::Values(0, 1));

}  // namespace
}  // namespace tuneward
