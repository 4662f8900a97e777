// The subcommands that print or write sandbox data: no model, no torch.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/status.h"

namespace tuneward {

struct DataOptions {
  std::string family = "gsm8k";
  std::string strategy = "autoif";
  int rows = 300;
  uint64_t seed = 7;
  int64_t share_ppm = 100000;  // of the strategies that mix a share of harm
  std::string scores_file;     // benign_outliers: one number a line
  std::string plan_file;       // plan_aware: chats as JSON lines
  // Of `Show` alone: this request is printed too, in the format of such a file.
  std::string ask;
};

// One JSON line a row, as a client would upload it. Unknown names are refused with the known ones
// before any work.
absl::StatusOr<std::string> DataLines(const DataOptions& options);
absl::Status MakeData(const DataOptions& options,
                      const std::string& out_file);  // "-": standard output
absl::Status Show(const DataOptions& options);       // rows as readable text

// A labelled set for the card of a judge: JSON lines of id, kind, request, answer, verdict.
absl::StatusOr<std::string> JudgeSetLines(int rows_of_a_kind, uint64_t seed);
absl::Status MakeJudgeSetFile(int rows_of_a_kind, uint64_t seed, const std::string& out_file);

// The strategies, one a line: name, what it does, where it comes from.
std::string StrategyList();

}  // namespace tuneward
