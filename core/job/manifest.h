// What the trainer needs of a job and nothing else (contracts.md D5, `tuneward.manifest/1`). Its
// hash is kept in checkpoints, so a checkpoint of another job is refused. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/sha256.h"
#include "core/base/status.h"
#include "core/data/materialize.h"
#include "core/job/job_spec.h"

namespace tuneward {

struct Manifest {
  std::string base_tree, file_sha, plan_sha;  // hex
  std::string validation_sha;                 // hex; empty: nothing is evaluated while training
  std::vector<int64_t> dropped_lines;         // sorted
  std::string chat_template;                  // "tuneward/1"
  int64_t max_tokens = 1024;
  OnOverlong on_overlong = OnOverlong::kTruncate;
  ResolvedHyperparameters hyperparameters;  // holds the seed and the method
  std::string engine_mode = kIsolated;

  // With "random": the scheme's name (D6) and "defences": [] (none yet); "validation_file" where
  // there is one.
  std::string CanonicalJsonText() const;
  Digest Hash() const;
  static absl::StatusOr<Manifest> Parse(std::string_view json_text);
};

}  // namespace tuneward
