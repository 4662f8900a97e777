// What the loop does around the steps: evaluation, early stop, divergence, checkpoints of a whole
// model, memory that runs out; and that rows of a batch do not see each other.
#include "worker/engine/trainer.h"

#include <gtest/gtest.h>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/unit/worker/engine/gradient_probe.h"
#include "tests/unit/worker/engine/tiny_model.h"

namespace tuneward {
namespace {

using at::Tensor;

TrainInputs Inputs() {
  TrainInputs inputs;
  inputs.rows = TinyRows(16);
  inputs.spec.epochs = 5;
  inputs.spec.batch_size = 4;
  inputs.spec.learning_rate = 5e-3;
  inputs.spec.lora = LoraSpec{4, 8, 0, {"q_proj", "v_proj", "down_proj"}};
  inputs.manifest_sha = "0011";
  return inputs;
}

TrainInputs WithEvaluation() {
  TrainInputs inputs = Inputs();
  inputs.eval_rows = TinyRows(5, 77);
  for (const TrainRow& row : TinyRows(3, 78, 1)) inputs.eval_rows.push_back(row);
  inputs.spec.eval_every = 3;
  return inputs;
}

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

double MeanNll(const BaseModel& model, const std::vector<TrainRow>& rows,
               const std::vector<double>& means) {
  double sum = 0, count = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const double targets =
        static_cast<double>(std::count(rows[i].is_target.begin(), rows[i].is_target.end(), true));
    sum += means[i] * targets;
    count += targets;
  }
  EXPECT_GT(model.vocab_size(), 0);
  return sum / count;
}

TEST(TrainerTest, EvaluatesHeldOutRowsEveryFewStepsAndAtTheEnd) {
  const TempFolder temp;
  const auto model = TinyModel();
  const TrainInputs inputs = WithEvaluation();
  Recorder run, plain;
  ASSERT_TRUE(model->Train(inputs, temp / "out", run).ok());
  ASSERT_EQ(run.steps.size(), 20u);
  for (const StepMetrics& step : run.steps)
    EXPECT_EQ(step.eval.has_value(), step.step % 3 == 0 || step.step == 20) << step.step;
  const auto adapter = model->LoadAdapter(temp / "out").value();
  const EvalMetrics& last = *run.steps.back().eval;
  const auto means = model->Nll(inputs.eval_rows, adapter.get()).value();
  EXPECT_NEAR(last.loss, MeanNll(*model, inputs.eval_rows, means), 1e-6);
  const std::vector<TrainRow> users(inputs.eval_rows.begin(), inputs.eval_rows.begin() + 5);
  EXPECT_NEAR(last.user_loss, MeanNll(*model, users, means), 1e-6);
  EXPECT_FALSE(std::isnan(last.mixed_loss));
  // Looking changes nothing.
  ASSERT_TRUE(model->Train(Inputs(), temp / "plain", plain).ok());
  EXPECT_EQ(FileHash(temp / "out/adapter_model.safetensors"),
            FileHash(temp / "plain/adapter_model.safetensors"));
}

// The rows held out contradict those trained on, so the first evaluation stays the best.
TrainInputs GetsWorse() {
  TrainInputs inputs = Inputs();
  inputs.spec.learning_rate = 5e-2;
  inputs.eval_rows = inputs.rows;
  for (TrainRow& row : inputs.eval_rows)
    for (size_t i = 0; i < row.tokens.size(); ++i)
      if (row.is_target[i]) row.tokens[i] = 36 + static_cast<TokenId>(i % 3);  // never trained
  inputs.spec.eval_every = 2;
  inputs.spec.patience = 3;
  return inputs;
}

TEST(TrainerTest, StopsEarlyAndWritesTheBestWeights) {
  const TempFolder temp;
  const auto model = TinyModel();
  const TrainInputs inputs = GetsWorse();
  Recorder run;
  const auto outcome = model->Train(inputs, temp / "out", run);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(outcome->stopped_early);
  EXPECT_FALSE(outcome->stopped);
  EXPECT_EQ(outcome->best_step, 2);
  EXPECT_EQ(outcome->steps, 8);  // three evaluations after the best
  TrainInputs shorter = Inputs();
  shorter.spec = inputs.spec;
  shorter.spec.eval_every = shorter.spec.patience = 0;
  shorter.spec.schedule = Schedule::kConstant;
  Recorder two;
  TrainInputs same = inputs;
  same.spec.schedule = Schedule::kConstant;
  ASSERT_TRUE(model->Train(same, temp / "early", two).ok());
  shorter.spec.max_steps = 2;
  ASSERT_TRUE(model->Train(shorter, temp / "two", two).ok());
  EXPECT_EQ(FileHash(temp / "early/adapter_model.safetensors"),
            FileHash(temp / "two/adapter_model.safetensors"));
}

TEST(TrainerTest, ALongPatienceStillEndsWithTheBestWeights) {
  const TempFolder temp;
  TrainInputs inputs = GetsWorse();
  inputs.spec.patience = 100;
  Recorder run;
  const auto model = TinyModel();
  const auto outcome = model->Train(inputs, temp / "out", run);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_FALSE(outcome->stopped_early);
  EXPECT_EQ(outcome->steps, 20);
  EXPECT_EQ(outcome->best_step, 2);
  const auto adapter = model->LoadAdapter(temp / "out").value();
  const auto means = model->Nll(inputs.eval_rows, adapter.get()).value();
  EXPECT_NEAR(run.steps[1].eval->loss, MeanNll(*model, inputs.eval_rows, means), 1e-6);
}

TEST(TrainerTest, RefusesEvaluationsThatCannotBe) {
  const std::pair<const char*, std::function<void(TrainInputs&)>> table[] = {
      {"eval_every and eval_rows need each other, got 3 and 0 rows",
       [](TrainInputs& i) { i.eval_rows.clear(); }},
      {"need each other, got 0 and 8 rows", [](TrainInputs& i) { i.spec.eval_every = 0; }},
      {"it needs eval_every, got 2 and 0",
       [](TrainInputs& i) {
         i.eval_rows.clear();
         i.spec.eval_every = 0;
         i.spec.patience = 2;
       }},
      {"row m:3: has no target token",
       [](TrainInputs& i) {
         i.eval_rows.back().is_target.assign(i.eval_rows.back().tokens.size(), false);
       }},
      {"min_delta must be at least 0, got -1", [](TrainInputs& i) { i.spec.min_delta = -1; }},
      {"warmup_ratio must be in [0, 1), got 1", [](TrainInputs& i) { i.spec.warmup_ratio = 1; }},
      {"rank must be at most 16, the smaller side of v_proj (16 x 32), got 17",
       [](TrainInputs& i) { i.spec.lora->rank = 17; }},
      {"rank must be in [1, 256], got 0", [](TrainInputs& i) { i.spec.lora->rank = 0; }},
      {"targets must be of",
       [](TrainInputs& i) {
         i.spec.lora->targets = {"q_proj", "w1"};
       }},
      {"got 'w1'", [](TrainInputs& i) {
         i.spec.lora->targets = {"q_proj", "w1"};
       }}};
  for (const auto& [message, change] : table) {
    TrainInputs inputs = WithEvaluation();
    change(inputs);
    Recorder run;
    const auto status = TinyModel()->Train(inputs, "/nonexistent/out", run).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_NE(MessageOf(status).find(message), std::string::npos) << status;
  }
}

TEST(TrainerTest, DivergenceNamesTheLastGoodCheckpointWhichIsWhole) {
  const TempFolder temp;
  TrainInputs inputs = Inputs();
  inputs.work_folder = temp / "work";
  inputs.spec.schedule = Schedule::kConstant;
  inputs.spec.checkpoint_every = 3;
  struct Saboteur : Defence {  // from step 8 on the loss is what a broken model gives
    std::string_view id() const override { return "none"; }
    LmHead::Loss Loss(const PackedBatch& batch, const ForwardOut& out,
                      const LmHead& head) override {
      LmHead::Loss loss = Defence::Loss(batch, out, head);
      if (step >= 8) loss.nll_N = loss.nll_N * value;
      return loss;
    }
    GradVec StepGradient(StepCtx& ctx) override {
      step = ctx.step();
      return Defence::StepGradient(ctx);
    }
    int64_t step = 0;
    double value = std::nan("");
  };
  const auto config = ParseModelConfig(kTinyConfig).value();
  const Weights weights = FreshWeights(config, 5, at::kFloat, at::kCPU);
  const Decoder decoder(config, weights, at::kCPU);
  const auto train = [&](double value) {
    const auto adapter = Adapter::Make(config, *inputs.spec.lora, 1, at::kCPU).value();
    Saboteur saboteur;
    saboteur.value = value;
    Recorder run;
    const auto status = RunTraining(decoder, adapter.get(), inputs, "", saboteur, run).status();
    EXPECT_EQ(run.steps.size(), 7u);
    EXPECT_EQ(run.checkpoints.back(), temp / "work/checkpoint-6");
    return status;
  };
  const absl::Status nan = train(std::nan(""));
  EXPECT_EQ(nan.code(), absl::StatusCode::kOutOfRange) << nan;
  EXPECT_EQ(MessageOf(nan).find("diverged: at step 8 the loss is nan"), 0u) << nan;
  EXPECT_NE(MessageOf(nan).find("the last good checkpoint is that of step 6"), std::string::npos);
  // Finite, but far worse than a guess: 40 pieces, ln 40 = 3.69.
  const absl::Status astray = train(10);
  EXPECT_EQ(astray.code(), absl::StatusCode::kOutOfRange) << astray;
  EXPECT_NE(MessageOf(astray).find("above 11.0666; a uniform guess has 3.68888"), std::string::npos)
      << astray;
  inputs.resume_from = temp / "work/checkpoint-6";
  Recorder rest;
  EXPECT_TRUE(TinyModel()->Train(inputs, temp / "out", rest).ok());
  EXPECT_EQ(rest.steps.front().step, 7);
}

TEST(TrainerTest, AStepThatRunsOutOfMemoryIsTriedOnceMoreSmaller) {
  struct Greedy : Defence {  // as a device with no room for more than `room` tokens
    std::string_view id() const override { return "none"; }
    LmHead::Loss Loss(const PackedBatch& batch, const ForwardOut& out,
                      const LmHead& head) override {
      if (batch.tokens() > room) TORCH_CHECK_WITH(OutOfMemoryError, false, "no room");
      return Defence::Loss(batch, out, head);
    }
    int64_t room = 0;
  };
  const auto config = ParseModelConfig(kTinyConfig).value();
  const Weights weights = FreshWeights(config, 5, at::kFloat, at::kCPU);
  const Decoder decoder(config, weights, at::kCPU);
  const auto train = [&](int64_t room) {
    const auto adapter = Adapter::Make(config, *Inputs().spec.lora, 1, at::kCPU).value();
    Greedy greedy;
    greedy.room = room;
    Recorder run;
    return RunTraining(decoder, adapter.get(), Inputs(), "", greedy, run);
  };
  const auto whole = train(1000), half = train(30);
  ASSERT_TRUE(half.ok()) << half.status();
  EXPECT_EQ(whole->micro_batch_tokens, 8192);
  EXPECT_EQ(half->micro_batch_tokens, 28);  // half of four rows of 14 tokens
  EXPECT_EQ(half->steps, whole->steps);
  EXPECT_THROW(train(5).IgnoreError(), c10::OutOfMemoryError);
}

TEST(TrainerTest, AWholeModelGoesOnFromItsCheckpoint) {
  const TempFolder temp;
  TrainInputs inputs = Inputs();
  inputs.spec.lora.reset();
  inputs.spec.weight_decay = 0.1;
  inputs.spec.checkpoint_every = 4;
  inputs.work_folder = temp / "a";
  Recorder whole, cut, rest;
  const auto first = TinyModel();
  ASSERT_TRUE(first->Train(inputs, "", whole).ok());
  ASSERT_TRUE(first->Save(temp / "whole", Precision::kFloat32).ok());
  inputs.work_folder = temp / "b";
  cut.stop_after = 10;
  ASSERT_TRUE(TinyModel()->Train(inputs, "", cut).ok());
  inputs.resume_from = cut.checkpoints.back();
  EXPECT_TRUE(std::filesystem::exists(inputs.resume_from + "/weights.safetensors"));
  const auto second = TinyModel();
  ASSERT_TRUE(second->Train(inputs, "", rest).ok());
  EXPECT_EQ(rest.steps.front().step, 9);
  ASSERT_TRUE(second->Save(temp / "resumed", Precision::kFloat32).ok());
  EXPECT_EQ(FileHash(temp / "whole/model.safetensors"),
            FileHash(temp / "resumed/model.safetensors"));
  // An adapter's training does not take it for its own.
  inputs.spec.lora = LoraSpec{4};
  EXPECT_FALSE(TinyModel()->Train(inputs, temp / "x", rest).ok());
}

// The engine's packing without padding: a row's loss is the same to the bit wherever it lies among
// the rows of its batch.
TEST(TrainerTest, PermutingTheRowsOfABatchChangesNoRowsLoss) {
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  const auto config = ParseModelConfig(kTinyConfig).value();
  const Weights weights = FreshWeights(config, 5, at::kFloat, at::kCPU);
  const Decoder decoder(config, weights, at::kCPU);
  const std::vector<TrainRow> rows = TinyRows(12, 31);
  std::vector<const TrainRow*> order;
  for (const TrainRow& row : rows) order.push_back(&row);
  const auto losses = [&] {
    const PackedBatch batch = Pack(order, 1, at::kCPU);
    const ForwardOut out = decoder.Forward(batch, nullptr);
    const Tensor nll = decoder.head().Nll(out.at_targets_ND, batch.target_N, batch.weight_N).nll_N;
    std::map<std::string, Tensor> by_row;
    for (const RowRef& ref : batch.rows)
      by_row[ref.row->id] = nll.narrow(0, ref.first_target, ref.targets).clone();
    return by_row;
  };
  const auto want = losses();
  RandomStream random(3, "permute");
  for (int round = 0; round < 20; ++round) {
    for (size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[random.Below(i + 1)]);
    for (const auto& [id, nll] : losses()) EXPECT_TRUE(at::equal(nll, want.at(id))) << id;
  }
}

// One micro-batch or one for each row: weights are by the step's targets, so the sums are the same.
TEST(TrainerTest, AccumulatedGradientsAreThoseOfOneBatch) {
  at::set_num_threads(1);
  const auto config = ParseModelConfig(kTinyConfig).value();
  const Weights weights = FreshWeights(config, 5, at::kFloat, at::kCPU);
  const Decoder decoder(config, weights, at::kCPU);
  for (const Method method : {Method::kSupervised, Method::kDpo}) {
    const auto gradient = [&](int micro_batch_tokens, size_t micros) {
      TrainInputs inputs = Inputs();
      inputs.spec.method = method;
      if (method == Method::kDpo)
        for (size_t i = 0; i < inputs.rows.size(); i += 2) {
          inputs.rows[i + 1] = inputs.rows[i];
          inputs.rows[i + 1].tokens.back() = 7;
        }
      inputs.spec.batch_size = 16;
      inputs.spec.max_steps = 1;
      inputs.spec.micro_batch_tokens = micro_batch_tokens;
      const auto adapter = Adapter::Make(config, *inputs.spec.lora, 1, at::kCPU).value();
      for (const auto& [name, leaf] : adapter->Leaves()) leaf.add_(0.02);
      GradientProbe probe;
      Recorder run;
      EXPECT_TRUE(RunTraining(decoder, adapter.get(), inputs, "", probe, run).ok());
      EXPECT_EQ(probe.micros, micros);
      return probe.seen.Clone();
    };
    const GradVec one = gradient(8192, 1);
    const GradVec many = gradient(1, method == Method::kDpo ? 8 : 16);
    for (size_t i = 0; i < one.tensors().size(); ++i)
      EXPECT_LT((one.tensors()[i] - many.tensors()[i]).abs().max().item<double>(), 1e-6);
  }
}

}  // namespace
}  // namespace tuneward
