// Checkpoints of a training (contracts.md D7): adapter_model.safetensors (full-parameter training:
// weights.safetensors), optimizer.safetensors, state.json and, where training may stop early,
// best.safetensors, in a folder that is written under a temporary name, synced and renamed, so that
// a folder of the final name is always whole.
#pragma once

#include <string>

#include "core/base/json.h"
#include "worker/engine/early_stop.h"
#include "worker/engine/optimizer.h"

namespace tuneward {

struct CheckpointState {
  int64_t step = 0, tokens = 0;
  std::string manifest_sha, fingerprint, defence;
  Json defence_state = Json::object();
  double first_loss = 0;           // of the first step
  int64_t micro_batch_tokens = 0;  // trained with; 0: not known
  EarlyStop stop;
};

struct Checkpoint {
  CheckpointState state;
  bool whole = false;  // weights are the base's own, not an adapter's
  TensorMap weights, optimizer;
  TensorMap best;  // the leaves at state.stop.best_step; empty: none
};

// Writes <work_folder>/checkpoint-<step>, removes all but the two latest, returns the folder.
absl::StatusOr<std::string> WriteCheckpoint(const std::string& work_folder,
                                            const Checkpoint& checkpoint);
// FAILED_PRECONDITION when it belongs to another manifest or defence.
absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& folder,
                                          const std::string& manifest_sha,
                                          std::string_view defence);

}  // namespace tuneward
