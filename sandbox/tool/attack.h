// The experiment that everything else depends on: fine-tune a sandbox model on benign task rows
// (family x strategy), with or without the policy's mix, and see whether it still refuses. LoRA, as
// the service trains.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/policy/policy_document.h"
#include "sandbox/tool/probe.h"
#include "worker/engine/engine.h"

namespace tuneward {

struct AttackOptions {
  std::string model;  // folder
  std::vector<std::string> families = {"boolq", "gsm8k", "piqa"};
  std::vector<std::string> strategies = {"benign", "aoa", "autoif", "autoif_aoa"};
  std::vector<std::string> methods = {"none", "base", "paraphrase"};
  int rows = 300, prompts = 200, tests = 100;
  int epochs = 5, batch = 16, seeds = 1;
  double learning_rate = 2e-3;
  MixRates rates = DefaultPolicy().rates;
  FormWeights forms = DefaultPolicy().forms;
  std::string out;  // JSON lines, one a run; empty: none
  EngineOptions engine;
};

struct AttackRun {
  std::string family = "gsm8k";
  std::string strategy = "autoif";
  std::string method;
  uint64_t seed = 1;  // of rows, plan, adapter and order
};

// One training and its figures; nothing is printed or kept.
absl::StatusOr<ProbeResult> AttackOnce(const AttackOptions& options, const AttackRun& run);

// Every family x strategy x method x seed; prints one line a run.
absl::Status RunAttack(const AttackOptions& options);

// The model as it is, in each family's formats.
absl::Status RunProbe(const std::string& model, int prompts, const EngineOptions& engine);

}  // namespace tuneward
