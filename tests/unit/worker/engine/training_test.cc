#include <gtest/gtest.h>

#include <cmath>

#include "core/base/json.h"
#include "core/model/safetensors.h"
#include "tests/unit/worker/engine/tiny_model.h"

namespace tuneward {
namespace {

TrainInputs TinyInputs(const std::string& work_folder = "") {
  TrainInputs inputs;
  inputs.rows = TinyRows(20);
  for (const TrainRow& row : TinyRows(6, 9, /*source=*/1)) inputs.rows.push_back(row);
  inputs.spec.epochs = 3;
  inputs.spec.batch_size = 4;
  inputs.spec.learning_rate = 5e-3;
  inputs.spec.seed = 11;
  inputs.spec.lora = LoraSpec{4, 8, 0.1, {"q_proj", "v_proj", "o_proj", "gate_proj", "down_proj"}};
  inputs.manifest_sha = "0011";
  inputs.work_folder = work_folder;
  return inputs;
}

TEST(TrainTest, LearnsAndReportsTheSourcesApart) {
  const TempFolder temp;
  TrainInputs inputs = TinyInputs();
  inputs.spec.epochs = 12;
  inputs.spec.lora.reset();  // an adapter on random weights has little to work with
  Recorder recorder;
  const auto outcome = TinyModel()->Train(inputs, temp / "out", recorder);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_EQ(recorder.steps.size(), 84u);  // ceil(26 / 4) = 7 an epoch
  EXPECT_EQ(outcome->steps, 84);
  EXPECT_FALSE(outcome->stopped);
  const StepMetrics &first = recorder.steps.front(), &last = recorder.steps.back();
  EXPECT_EQ(first.step, 1);
  EXPECT_EQ(last.total_steps, 84);
  EXPECT_EQ(last.tokens, outcome->tokens);
  EXPECT_NEAR(first.loss, std::log(40.0), 0.3);
  EXPECT_LT(last.loss, 0.8 * first.loss);
  int with_mixed = 0;
  for (const StepMetrics& step : recorder.steps) {
    with_mixed += !std::isnan(step.mixed_loss);
    EXPECT_FALSE(std::isnan(step.user_loss));
    EXPECT_GT(step.tokens_per_second, 0);
  }
  EXPECT_GT(with_mixed, 0);
}

TEST(TrainTest, GivesTheSameBytesTwice) {
  const TempFolder temp;
  Recorder a, b;
  ASSERT_TRUE(TinyModel()->Train(TinyInputs(), temp / "a", a).ok());
  ASSERT_TRUE(TinyModel()->Train(TinyInputs(), temp / "b", b).ok());
  EXPECT_EQ(FileHash(temp / "a/adapter_model.safetensors"),
            FileHash(temp / "b/adapter_model.safetensors"));
  EXPECT_EQ(FileHash(temp / "a/adapter_config.json"), FileHash(temp / "b/adapter_config.json"));
  for (size_t i = 0; i < a.steps.size(); ++i) EXPECT_EQ(a.steps[i].loss, b.steps[i].loss);
  TrainInputs other = TinyInputs();
  other.spec.seed = 12;
  ASSERT_TRUE(TinyModel()->Train(other, temp / "c", b).ok());
  EXPECT_NE(FileHash(temp / "a/adapter_model.safetensors"),
            FileHash(temp / "c/adapter_model.safetensors"));
}

TEST(TrainTest, ResumedTrainingGivesTheSameBytes) {
  const TempFolder temp;
  TrainInputs inputs = TinyInputs(temp / "work");
  inputs.spec.checkpoint_every = 4;
  Recorder whole;
  ASSERT_TRUE(TinyModel()->Train(inputs, temp / "whole", whole).ok());
  ASSERT_EQ(whole.checkpoints.size(), 5u);  // steps 4 to 20 of 21
  EXPECT_EQ(whole.checkpoints.back(), temp / "work/checkpoint-20");
  EXPECT_FALSE(std::filesystem::exists(temp / "work/checkpoint-12"));  // the last two are kept
  EXPECT_TRUE(std::filesystem::exists(temp / "work/checkpoint-16"));

  inputs.work_folder = temp / "work2";
  Recorder cut;
  cut.stop_after = 10;
  const auto stopped = TinyModel()->Train(inputs, temp / "cut", cut);
  ASSERT_TRUE(stopped.ok());
  EXPECT_TRUE(stopped->stopped);
  EXPECT_EQ(stopped->steps, 10);
  EXPECT_FALSE(std::filesystem::exists(temp / "cut"));

  inputs.resume_from = cut.checkpoints.back();
  EXPECT_EQ(inputs.resume_from, temp / "work2/checkpoint-8");
  Recorder rest;
  const auto outcome = TinyModel()->Train(inputs, temp / "resumed", rest);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(rest.steps.front().step, 9);
  EXPECT_EQ(rest.steps.back().tokens, whole.steps.back().tokens);
  EXPECT_EQ(rest.steps.back().loss, whole.steps.back().loss);
  EXPECT_EQ(FileHash(temp / "whole/adapter_model.safetensors"),
            FileHash(temp / "resumed/adapter_model.safetensors"));
  EXPECT_EQ(FileHash(temp / "work/checkpoint-20/optimizer.safetensors"),
            FileHash(temp / "work2/checkpoint-20/optimizer.safetensors"));

  inputs.resume_from = temp / "work2/checkpoint-20";
  inputs.manifest_sha = "ffff";
  EXPECT_EQ(TinyModel()->Train(inputs, temp / "x", rest).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(TrainTest, MicroBatchesGiveTheSameStep) {
  const TempFolder temp;
  TrainInputs inputs = TinyInputs();
  inputs.spec.lora->dropout = 0;
  Recorder one, many;
  ASSERT_TRUE(TinyModel()->Train(inputs, temp / "a", one).ok());
  inputs.spec.micro_batch_tokens = 20;
  ASSERT_TRUE(TinyModel()->Train(inputs, temp / "b", many).ok());
  for (size_t i = 0; i < one.steps.size(); ++i) {
    EXPECT_NEAR(one.steps[i].loss, many.steps[i].loss, 2e-5);
    EXPECT_NEAR(one.steps[i].user_loss, many.steps[i].user_loss, 2e-5);
    EXPECT_NEAR(one.steps[i].grad_norm, many.steps[i].grad_norm, 1e-4);
  }
}

TEST(TrainTest, StopsWithDivergedWhenTheLossIsNotFinite) {
  const TempFolder temp;
  TrainInputs inputs = TinyInputs();
  inputs.spec.lora.reset();
  inputs.spec.learning_rate = 1e30;
  inputs.spec.max_grad_norm = 0;
  Recorder recorder;
  const auto status = TinyModel()->Train(inputs, "", recorder).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << status;
  EXPECT_EQ(status.message().find("diverged"), 0u) << status;
}

TEST(TrainTest, FullTrainingChangesTheModelItself) {
  const auto model = TinyModel();
  TrainInputs inputs = TinyInputs();
  inputs.spec.lora.reset();
  inputs.spec.epochs = 8;
  const auto before = model->Nll(inputs.rows, nullptr).value();
  Recorder recorder;
  ASSERT_TRUE(model->Train(inputs, "", recorder).ok());
  const auto after = model->Nll(inputs.rows, nullptr).value();
  for (size_t i = 0; i < before.size(); ++i) EXPECT_LT(after[i], before[i]);
}

TEST(TrainTest, TheAdapterOnDiskIsTheTrainedOne) {
  const TempFolder temp;
  const auto model = TinyModel();
  TrainInputs inputs = TinyInputs();
  const auto before = model->Nll(inputs.rows, nullptr).value();
  inputs.spec.epochs = 6;
  Recorder recorder;
  ASSERT_TRUE(model->Train(inputs, temp / "out", recorder).ok());
  EXPECT_EQ(model->Nll(inputs.rows, nullptr).value(), before);  // the base has not moved
  const auto adapter = model->LoadAdapter(temp / "out");
  ASSERT_TRUE(adapter.ok()) << adapter.status();
  const auto after = model->Nll(inputs.rows, adapter->get()).value();
  double sum_before = 0, sum_after = 0;
  for (size_t i = 0; i < before.size(); ++i) sum_before += before[i], sum_after += after[i];
  EXPECT_LT(sum_after, sum_before);
}

TEST(TrainTest, TrainsAdaptersOnABFloat16Base) {
  const TempFolder temp;
  EngineOptions options;
  options.precision = Precision::kBFloat16;
  const auto model = TinyModel(options);
  Recorder bf16, fp32;
  ASSERT_TRUE(model->Train(TinyInputs(), temp / "a", bf16).ok());
  ASSERT_TRUE(TinyModel()->Train(TinyInputs(), temp / "b", fp32).ok());
  for (size_t i = 0; i < bf16.steps.size(); ++i)
    EXPECT_NEAR(bf16.steps[i].loss, fp32.steps[i].loss, 0.05);
  TrainInputs full = TinyInputs();
  full.spec.lora.reset();
  EXPECT_EQ(model->Train(full, "", bf16).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(TrainTest, WritesPeftsLayout) {
  const TempFolder temp;
  Recorder recorder;
  ASSERT_TRUE(TinyModel()->Train(TinyInputs(), temp / "out", recorder).ok());
  const Json config = ParseJson(ReadFile(temp / "out/adapter_config.json").value()).value();
  EXPECT_EQ(config["peft_type"], "LORA");
  EXPECT_EQ(config["task_type"], "CAUSAL_LM");
  EXPECT_EQ(config["r"], 4);
  EXPECT_EQ(config["lora_alpha"], 8);
  EXPECT_EQ(config["bias"], "none");
  EXPECT_EQ(config["target_modules"],
            Json::array({"q_proj", "v_proj", "o_proj", "gate_proj", "down_proj"}));
  const std::string file = ReadFile(temp / "out/adapter_model.safetensors").value();
  const auto spans = ParseSafetensors(file).value();
  EXPECT_EQ(spans.size(), 20u);  // 2 layers x 5 targets x A, B
  const TensorSpan& a = spans.at("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
  EXPECT_EQ(a.shape, (std::vector<int64_t>{4, 32}));
  EXPECT_EQ(a.dtype, DType::kFloat32);
  EXPECT_EQ(spans.at("base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight").shape,
            (std::vector<int64_t>{16, 4}));
  EXPECT_EQ(spans.at("base_model.model.model.layers.1.mlp.down_proj.lora_A.weight").shape,
            (std::vector<int64_t>{4, 48}));
}

TEST(TrainTest, RefusesAdaptersItDoesNotCompute) {
  const TempFolder temp;
  const auto model = TinyModel();
  Recorder recorder;
  ASSERT_TRUE(model->Train(TinyInputs(), temp / "out", recorder).ok());
  const std::string path = temp / "out/adapter_config.json";
  const Json good = ParseJson(ReadFile(path).value()).value();
  const std::pair<const char*, Json> table[] = {{"use_dora", true},
                                                {"use_rslora", 1},
                                                {"bias", "all"},
                                                {"peft_type", "IA3"},
                                                {"r", 0},
                                                {"r", 300},
                                                {"lora_alpha", -1},
                                                {"target_modules", Json::array({"lm_head"})},
                                                {"rank_pattern", {{"q_proj", 8}}}};
  for (const auto& [key, value] : table) {
    Json bad = good;
    bad[key] = value;
    ASSERT_TRUE(WriteFileAtomic(path, bad.dump()).ok());
    EXPECT_EQ(model->LoadAdapter(temp / "out").status().code(), absl::StatusCode::kInvalidArgument)
        << key;
  }
  Json fewer = good;
  fewer["target_modules"] = Json::array({"q_proj"});
  ASSERT_TRUE(WriteFileAtomic(path, fewer.dump()).ok());
  EXPECT_NE(model->LoadAdapter(temp / "out").status().message().find("belongs to no target"),
            absl::string_view::npos);
}

TEST(TrainTest, RefusesSettingsOutOfRange) {
  const auto model = TinyModel();
  const std::pair<const char*, std::function<void(TrainInputs&)>> table[] = {
      {"epochs", [](TrainInputs& i) { i.spec.epochs = 0; }},
      {"batch_size", [](TrainInputs& i) { i.spec.batch_size = 0; }},
      {"learning_rate", [](TrainInputs& i) { i.spec.learning_rate = 0; }},
      {"rank", [](TrainInputs& i) { i.spec.lora->rank = 257; }},
      {"dropout", [](TrainInputs& i) { i.spec.lora->dropout = 1; }},
      {"targets", [](TrainInputs& i) { i.spec.lora->targets = {"wq"}; }},
      {"no rows", [](TrainInputs& i) { i.rows.clear(); }},
      {"out of order", [](TrainInputs& i) { std::swap(i.rows.front(), i.rows.back()); }},
      {"work_folder", [](TrainInputs& i) { i.spec.checkpoint_every = 1; }}};
  for (const auto& [message, change] : table) {
    TrainInputs inputs = TinyInputs();
    change(inputs);
    Recorder recorder;
    const auto status = model->Train(inputs, "/nonexistent/out", recorder).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_NE(std::string(status.message()).find(message), std::string::npos) << status;
  }
}

}  // namespace
}  // namespace tuneward
