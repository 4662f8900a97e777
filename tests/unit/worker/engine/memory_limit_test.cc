// Training under an address-space limit, and the estimate against what a training really takes.
// Every training is a child process: limits and peaks are a process's own.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>

#include "tests/support/result_row.h"
#include "tests/unit/worker/engine/child_run.h"
#include "tests/unit/worker/engine/tiny_model.h"
#include "worker/engine/available_memory.h"
#include "worker/engine/memory_estimate.h"

namespace tuneward {
namespace {

constexpr char kConfig[] = R"({"architectures":["LlamaForCausalLM"],"model_type":"llama",
  "hidden_act":"silu","hidden_size":192,"num_hidden_layers":4,"num_attention_heads":6,"num_key_value_heads":3,
  "intermediate_size":512,"vocab_size":2000,"max_position_embeddings":512,"rms_norm_eps":1e-5,"rope_theta":10000.0,
  "tie_word_embeddings":false})";
constexpr int kRows = 16, kTokens = 256;
constexpr int64_t kMiB = int64_t{1} << 20;

enum Code { kFine = 10, kShrunk, kRecomputed, kRefused, kOther };

// The first `alike` tokens are those of every row.
TrainInputs Inputs(int rows = kRows, int alike = 0) {
  TrainInputs inputs;
  for (int n = 0; n < rows; ++n) {
    TrainRow row{"u:" + std::to_string(n + 1), 0, {}, {}};
    for (int i = 0; i < kTokens; ++i) {
      row.tokens.push_back(static_cast<TokenId>((i * 7 + (i < alike ? 0 : n * 13)) % 1900));
      row.is_target.push_back(i >= kTokens / 2);
    }
    inputs.rows.push_back(row);
  }
  inputs.spec.batch_size = kRows;
  inputs.spec.max_steps = 1;
  return inputs;
}

int64_t StatusKb(const std::string& key) {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;)
    if (word == key) {
      int64_t kb = 0;
      in >> kb;
      return kb;
    }
  return 0;
}

int TrainUnder(int64_t extra_bytes, const std::string& folder) {
  const auto model = BaseModel::Create(kConfig, 3, {}).value();
  const rlim_t limit = static_cast<rlim_t>(StatusKb("VmSize:") * 1024 + extra_bytes);
  const rlimit both{limit, limit};
  if (setrlimit(RLIMIT_AS, &both) != 0) return kOther;
  Recorder run;
  const auto outcome = model->Train(Inputs(), folder, run);
  if (!outcome.ok()) {
    const std::string message(outcome.status().message());
    return absl::IsResourceExhausted(outcome.status()) &&
                   message.find("out of memory before the first step: training needs about") !=
                       std::string::npos &&
                   message.find("the longest has 256 tokens") != std::string::npos
               ? kRefused
               : kOther;
  }
  if (outcome->recompute) return kRecomputed;
  return outcome->micro_batch_tokens < TrainSpec{}.micro_batch_tokens ? kShrunk : kFine;
}

MemoryNeed Need(const TrainSpec& spec) {
  return EstimateTraining(ParseModelConfig(kConfig).value(), spec, Precision::kFloat32);
}

TEST(MemoryLimitTest, AMicroBatchShrinksUnderALimitAndTrainingGoesThrough) {
  const TempFolder temp;
  TrainSpec recompute;
  recompute.recompute = true;
  const MemoryNeed need = Need({});
  const int64_t all = need.Of(kRows * kTokens), one = need.Of(kTokens),
                least = Need(recompute).Of(kTokens);
  ASSERT_LT(least + 2 * kMiB, one);
  EXPECT_EQ(RunInChild([&] { return TrainUnder(2 * all, temp / "a"); }).code, kFine);
  EXPECT_EQ(RunInChild([&] { return TrainUnder(all / 2, temp / "b"); }).code, kShrunk);
  EXPECT_EQ(RunInChild([&] { return TrainUnder((one + all / 8), temp / "c"); }).code, kShrunk);
  // Even one row is too much, unless its layers are run again.
  EXPECT_EQ(RunInChild([&] { return TrainUnder(one - kMiB, temp / "e"); }).code, kRecomputed);
  EXPECT_EQ(RunInChild([&] { return TrainUnder(least - kMiB, temp / "d"); }).code, kRefused);
  EXPECT_TRUE(std::filesystem::exists(temp / "b/adapter_model.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(temp / "d"));
}

TEST(MemoryLimitTest, WhatIsLeftFollowsTheLimit) {
  EXPECT_EQ(RunInChild([] {
              const rlim_t limit = static_cast<rlim_t>((StatusKb("VmSize:") + 300 * 1024) * 1024);
              const rlimit both{limit, limit};
              if (setrlimit(RLIMIT_AS, &both) != 0) return 1;
              const int64_t left = AvailableMemoryBytes("cpu");
              return left > 250 * kMiB && left <= 300 * kMiB ? 0 : 2;
            }).code,
            0);
  EXPECT_GT(AvailableMemoryBytes("cpu"), 0);
}

// Peak memory over what there was before, in bytes, through a pipe of one number.
int64_t PeakGrowth(const TrainSpec& spec, const std::string& folder,
                   const std::string& config = kConfig, int rows = kRows, int alike = 0) {
  int pipe_ends[2];
  if (pipe(pipe_ends) != 0) return -1;
  const ChildEnd end = RunInChild([&] {
    const auto model = BaseModel::Create(config, 3, {}).value();
    TrainInputs inputs = Inputs(rows, alike);
    inputs.spec = spec;
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak starts anew
    const int64_t before = StatusKb("VmRSS:");
    Recorder run;
    if (!model->Train(inputs, folder, run).ok()) return 1;
    const int64_t grown = (StatusKb("VmHWM:") - before) * 1024;
    return write(pipe_ends[1], &grown, sizeof grown) == sizeof grown ? 0 : 1;
  });
  int64_t grown = -1;
  if (end.code != 0 || read(pipe_ends[0], &grown, sizeof grown) != sizeof grown) grown = -1;
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  return grown;
}

TEST(MemoryLimitTest, RecomputationTakesLessThanHalfTheMemory) {
  const TempFolder temp;
  std::string deep = kConfig;
  deep.replace(deep.find("\"num_hidden_layers\":4"), 21, "\"num_hidden_layers\":24");
  TrainSpec spec;
  spec.batch_size = 4;
  spec.max_steps = 1;
  const int64_t plain = PeakGrowth(spec, temp / "plain", deep, 4);
  spec.recompute = true;
  const int64_t less = PeakGrowth(spec, temp / "less", deep, 4);
  ASSERT_GT(less, 0);
  std::printf("recompute: peak %.0f MiB, %.0f MiB without\n", static_cast<double>(less) / kMiB,
              static_cast<double>(plain) / kMiB);
  EXPECT_LT(less, plain / 2);
  EXPECT_EQ(FileHash(temp / "less/adapter_model.safetensors"),
            FileHash(temp / "plain/adapter_model.safetensors"));
}

TEST(MemoryLimitTest, TheEstimateIsAboveThePeakAndLessThanTwiceIt) {
  const TempFolder temp;
  double most = 0;
  const auto hold = [&](const char* what, TrainSpec spec, int64_t tokens, int alike = 0) {
    spec.batch_size = kRows;
    spec.max_steps = 1;
    const double peak = static_cast<double>(PeakGrowth(spec, temp / what, kConfig, kRows, alike));
    const double estimate = static_cast<double>(Need(spec).Of(tokens));
    ASSERT_GT(peak, 0) << what;
    std::printf("%s: estimate %.0f MiB, peak %.0f MiB\n", what, estimate / kMiB, peak / kMiB);
    EXPECT_GT(estimate, peak) << what;
    EXPECT_LT(estimate, 2 * peak) << what;
    most = std::max(most, estimate / peak);
  };
  const int64_t all = kRows * kTokens;
  hold("plain", {}, all);
  hold("alike", {}, all, kTokens / 12);  // a little more than rows share at the least
  TrainSpec recompute;
  recompute.recompute = true;
  hold("recompute", recompute, all);
  TrainSpec dropout;
  dropout.lora->dropout = 0.1;
  hold("dropout", dropout, all);
  TrainSpec small;
  small.micro_batch_tokens = 8 * kTokens;
  hold("small", small, 8 * kTokens);
  TrainSpec whole;
  whole.lora.reset();
  hold("whole", whole, all);
  RecordResult({"memory", "memory.estimate_over_peak", most, "ratio", "lower", 2,
                "ctest -R engine_resume_test"});
}

}  // namespace
}  // namespace tuneward
