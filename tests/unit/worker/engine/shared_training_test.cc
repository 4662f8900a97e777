// Trainings that share their steps against the same trainings alone.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "core/model/model_files.h"
#include "tests/unit/worker/engine/tiny_model.h"

namespace tuneward {
namespace {

TrainInputs Inputs(int rows, uint64_t seed, LoraSpec lora) {
  TrainInputs inputs;
  inputs.rows = TinyRows(rows, seed);
  for (const TrainRow& row : TinyRows(3, seed + 100, /*source=*/1)) inputs.rows.push_back(row);
  inputs.spec.epochs = 2;
  inputs.spec.batch_size = 4;
  inputs.spec.learning_rate = 5e-3;
  inputs.spec.seed = seed;
  inputs.spec.lora = std::move(lora);
  inputs.manifest_sha = "0011";
  return inputs;
}

// Jobs that differ in all that a job may choose.
std::vector<TrainInputs> Jobs() {
  std::vector<TrainInputs> jobs = {
      Inputs(20, 1, {4, 8, 0, {"q_proj", "v_proj", "o_proj", "gate_proj", "down_proj"}}),
      Inputs(9, 2, {8, 4, 0.2, {"k_proj", "up_proj"}, true}),
      Inputs(13, 3, {2, 2, 0.1, {"down_proj"}}), Inputs(10, 4, {3, 6, 0, {"q_proj", "o_proj"}})};
  jobs[1].spec.schedule = Schedule::kLinear;
  jobs[1].spec.warmup_steps = 2;
  jobs[1].spec.max_grad_norm = 0.05;
  jobs[1].eval_rows = TinyRows(4, 77);
  jobs[1].spec.eval_every = 2;
  jobs[2].spec.micro_batch_tokens = 16;  // accumulates
  jobs[2].spec.batch_size = 6;
  jobs[3].spec.method = Method::kDpo;
  std::vector<TrainRow> pairs;
  for (const TrainRow& row : TinyRows(8, 4)) {
    pairs.push_back(row);
    TrainRow rejected = row;
    rejected.id += "-";
    for (size_t i = 0; i < rejected.tokens.size(); ++i)
      if (rejected.is_target[i]) rejected.tokens[i] = 5;
    pairs.push_back(rejected);
  }
  jobs[3].rows = pairs;
  return jobs;
}

struct Trained {
  absl::StatusOr<TrainOutcome> outcome = absl::UnknownError("not ended");
  int ends = 0;
  Recorder recorder;
  std::string folder;
};

std::vector<Trained> Together(const std::vector<TrainInputs>& jobs, const std::string& folder,
                              const std::vector<int64_t>& stop_after = {}) {
  std::vector<Trained> results(jobs.size());
  std::vector<TrainTogetherJob> together;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (i < stop_after.size()) results[i].recorder.stop_after = stop_after[i];
    results[i].folder = folder + "/" + std::to_string(i);
    together.push_back({&jobs[i], results[i].folder, &results[i].recorder});
  }
  TinyModel()->TrainTogether(together, [&](size_t i, absl::StatusOr<TrainOutcome> outcome) {
    results[i].outcome = std::move(outcome);
    ++results[i].ends;
  });
  for (const Trained& result : results) EXPECT_EQ(result.ends, 1);
  return results;
}

Trained Alone(const TrainInputs& inputs, const std::string& folder) {
  Trained result;
  result.folder = folder;
  result.outcome = TinyModel()->Train(inputs, folder, result.recorder);
  return result;
}

std::map<std::string, std::vector<float>> AdapterOf(const std::string& folder) {
  std::map<std::string, std::vector<float>> values;
  const StoredTensors tensors = MapTensors(folder + "/adapter_model.safetensors").value();
  for (const auto& [name, stored] : tensors) {
    const auto* begin = reinterpret_cast<const float*>(stored.span.bytes.data());
    values[name] = {begin, begin + stored.span.bytes.size() / sizeof(float)};
  }
  return values;
}

// AdamW divides by the gradient's own size, so a rounding of it moves a weight by more than itself.
void ExpectNear(const Trained& got, const Trained& want) {
  ASSERT_TRUE(got.outcome.ok()) << got.outcome.status();
  ASSERT_TRUE(want.outcome.ok()) << want.outcome.status();
  EXPECT_EQ(got.outcome->steps, want.outcome->steps);
  EXPECT_EQ(got.outcome->tokens, want.outcome->tokens);
  ASSERT_EQ(got.recorder.steps.size(), want.recorder.steps.size());
  for (size_t i = 0; i < want.recorder.steps.size(); ++i) {
    const StepMetrics &a = got.recorder.steps[i], &b = want.recorder.steps[i];
    EXPECT_NEAR(a.loss, b.loss, 1e-4) << i;
    EXPECT_NEAR(a.grad_norm, b.grad_norm, 1e-3 * b.grad_norm + 1e-6) << i;
    EXPECT_EQ(a.learning_rate, b.learning_rate) << i;
    EXPECT_EQ(a.eval.has_value(), b.eval.has_value()) << i;
    if (a.eval && b.eval) {
      EXPECT_NEAR(a.eval->loss, b.eval->loss, 1e-4) << i;
    }
  }
  const auto a = AdapterOf(got.folder), b = AdapterOf(want.folder);
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, values] : b)
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_NEAR(a.at(name)[i], values[i], 2e-4) << name << " " << i;
}

TEST(SharedTrainingTest, EachIsWhatItWouldBeAlone) {
  const TempFolder temp;
  const std::vector<TrainInputs> jobs = Jobs();
  const std::vector<Trained> together = Together(jobs, temp / "together");
  for (size_t i = 0; i < jobs.size(); ++i) {
    SCOPED_TRACE(i);
    ExpectNear(together[i], Alone(jobs[i], temp / ("alone" + std::to_string(i))));
  }
}

TEST(SharedTrainingTest, OneThatFailsOrStopsLeavesTheOthers) {
  const TempFolder temp;
  std::vector<TrainInputs> jobs = Jobs();
  jobs.push_back(jobs[0]);
  jobs.back().spec.learning_rate = 1e30;  // diverges
  jobs.push_back(jobs[0]);
  jobs.back().rows[2].tokens[1] = 4000;  // is refused
  jobs.push_back(jobs[0]);
  jobs.back().spec.lora.reset();
  const std::vector<Trained> together = Together(jobs, temp / "together", {3});
  ASSERT_TRUE(together[0].outcome.ok());
  EXPECT_TRUE(together[0].outcome->stopped);
  EXPECT_EQ(together[0].recorder.steps.size(), 3u);
  EXPECT_FALSE(std::filesystem::exists(together[0].folder + "/adapter_model.safetensors"));
  EXPECT_TRUE(absl::IsOutOfRange(together[4].outcome.status())) << together[4].outcome.status();
  EXPECT_TRUE(absl::IsInvalidArgument(together[5].outcome.status()));
  EXPECT_TRUE(absl::IsInvalidArgument(together[6].outcome.status()));
  for (const size_t i : {1u, 2u, 3u}) {
    SCOPED_TRACE(i);
    ExpectNear(together[i], Alone(jobs[i], temp / ("alone" + std::to_string(i))));
  }
}

TEST(SharedTrainingTest, GoesOnFromACheckpointBesideOthers) {
  const TempFolder temp;
  std::vector<TrainInputs> jobs = Jobs();
  jobs[1].spec.checkpoint_every = 2;
  jobs[1].work_folder = temp / "work";
  ASSERT_TRUE(MakeFolders(jobs[1].work_folder).ok());
  const Trained whole = Alone(jobs[1], temp / "whole");
  const std::vector<Trained> first = Together(jobs, temp / "first", {0, 3});
  ASSERT_EQ(first[1].recorder.checkpoints.size(), 1u);
  jobs[1].resume_from = first[1].recorder.checkpoints[0];
  std::vector<Trained> second = Together({jobs[2], jobs[1]}, temp / "second");
  ASSERT_EQ(second[1].recorder.steps.front().step, 3);
  second[1].recorder.steps.insert(second[1].recorder.steps.begin(), first[1].recorder.steps.begin(),
                                  first[1].recorder.steps.begin() + 2);
  ExpectNear(second[1], whole);
}

}  // namespace
}  // namespace tuneward
