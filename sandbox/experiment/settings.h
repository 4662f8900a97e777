// All that an experiment's figures depend on beside the cell: sizes, hyperparameters, and by hash
// the model, the material and the policy. A finished cell names their hash, so that a resumed grid
// takes only lines that it would have made itself, but for an engine's rounding. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/json.h"
#include "core/base/sha256.h"
#include "core/base/status.h"

namespace tuneward {

struct ExperimentSettings {
  // Hex: of the material (the sandbox's: its world); of the default policy; of a model's folder.
  std::string world_sha, policy_sha, model_sha;
  std::string chat_template = "tuneward/1";
  std::string engine = "cpu/float32";  // device/precision
  int64_t user_rows = 300;             // of the user's file
  int64_t prompts = 200;               // of each evaluation set, at most
  int64_t tests = 100;                 // questions of the user's task
  int64_t answer_tokens = 96;          // an answer is cut there
  int64_t epochs = 5, batch_rows = 16;
  int64_t learning_rate_ppm = 2000;         // parts per million: 2e-3
  int64_t lora_rank = 16, lora_alpha = 32;  // of all seven linears

  // INVALID_ARGUMENT with the name, the value and the range of each number that is out of it.
  absl::Status Check() const;
  Json ToJson() const;      // {"format":"tuneward.experiment/1",...}; integers and strings only
  std::string Sha() const;  // hex, of its canonical JSON
};

}  // namespace tuneward
