// Measures the engine on the nano shape: full and LoRA training steps, greedy generation. Prints
// one JSON object a figure; those in CPU time say what a quiet machine would need.
//   tw-engine-bench [threads]
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "worker/engine/engine.h"

namespace tuneward {
namespace {

constexpr char kNano[] =
    R"({"model_type":"llama","hidden_size":128,"num_hidden_layers":4,"num_attention_heads":4,
  "num_key_value_heads":2,"intermediate_size":352,"vocab_size":1024,"max_position_embeddings":1024})";

std::vector<TokenId> RandomTokens(RandomStream& random, int count) {
  std::vector<TokenId> tokens(count);
  for (TokenId& token : tokens) token = 8 + static_cast<TokenId>(random.Below(1000));
  return tokens;
}

std::vector<TrainRow> Rows(int count) {
  RandomStream random(1, "bench");
  std::vector<TrainRow> rows;
  for (int i = 0; i < count; ++i) {
    TrainRow row;
    row.id = "u:" + std::to_string(i + 1);
    row.tokens = RandomTokens(random, 30 + static_cast<int>(random.Below(21)));
    for (size_t t = 0; t < row.tokens.size(); ++t)
      row.is_target.push_back(2 * t > row.tokens.size());
    rows.push_back(row);
  }
  return rows;
}

struct StepTimes : TrainObserver {
  std::vector<double> ms;
  bool OnStep(const StepMetrics& m) override {
    ms.push_back(1000 * static_cast<double>(m.tokens - seen) / m.tokens_per_second);
    seen = m.tokens;
    return true;
  }
  absl::Status OnCheckpoint(const std::string&, int64_t) override { return absl::OkStatus(); }
  int64_t seen = 0;
};

double CpuSeconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void Print(const std::string& name, double value, const char* unit, const char* better) {
  std::printf("{\"name\":\"%s\",\"value\":%.2f,\"unit\":\"%s\",\"better\":\"%s\"}\n", name.c_str(),
              value, unit, better);
}

int Run(int threads) {
  EngineOptions options;
  options.threads = threads;
  auto model = BaseModel::Create(kNano, 1, options);
  if (!model.ok()) return std::fprintf(stderr, "%s\n", model.status().ToString().c_str()), 1;
  const std::string folder = "/tmp/tw-engine-bench";
  for (const bool lora : {false, true}) {
    TrainInputs inputs;
    inputs.rows = Rows(640);
    inputs.spec.batch_size = 64;
    inputs.spec.epochs = 4;
    if (!lora) inputs.spec.lora.reset();
    StepTimes times;
    const double cpu = CpuSeconds();
    const auto outcome = (*model)->Train(inputs, folder, times);
    if (!outcome.ok()) return std::fprintf(stderr, "%s\n", outcome.status().ToString().c_str()), 1;
    std::sort(times.ms.begin(), times.ms.end());
    const std::string kind = lora ? "lora" : "full";
    Print("nano." + kind + "_step_cpu",
          1000 * (CpuSeconds() - cpu) / static_cast<double>(times.ms.size()), "ms", "lower");
    Print("nano." + kind + "_step", times.ms[times.ms.size() / 2], "ms", "lower");
    Print("nano." + kind + "_step_best", times.ms.front(), "ms", "lower");
  }
  const auto adapter = (*model)->LoadAdapter(folder);
  if (!adapter.ok()) return std::fprintf(stderr, "%s\n", adapter.status().ToString().c_str()), 1;
  RandomStream random(2, "bench");
  std::vector<std::vector<TokenId>> prompts;
  for (int i = 0; i < 1000; ++i)
    prompts.push_back(RandomTokens(random, 15 + static_cast<int>(random.Below(20))));
  for (const Adapter* with : {static_cast<const Adapter*>(nullptr), adapter->get()}) {
    SamplingOptions sampling;
    sampling.max_new_tokens = 32;
    const auto began = std::chrono::steady_clock::now();
    const double cpu = CpuSeconds();
    const auto made = (*model)->Generate(prompts, with, {}, sampling);
    if (!made.ok()) return std::fprintf(stderr, "%s\n", made.status().ToString().c_str()), 1;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const std::string name = with ? "nano.generate_1000x32_adapter" : "nano.generate_1000x32";
    Print(name, took.count(), "s", "lower");
    Print(name + "_cpu", CpuSeconds() - cpu, "s", "lower");
  }
  return 0;
}

}  // namespace
}  // namespace tuneward

int main(int argc, char** argv) { return tuneward::Run(argc > 1 ? std::atoi(argv[1]) : 1); }
