// One cell of an experiment: what is trained (a model, a user's file, an arm of mixing, a seed) and
// what was measured. A finished cell is one JSON line (`tuneward.cell/1`), so that a grid can be
// cut at any moment and resumed. Plain values; no torch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/base/status.h"

namespace tuneward {

struct Cell {
  std::string model;        // folder's name, "nano-shallow"
  std::string family;       // "gsm8k"
  std::string strategy;     // "autoif"
  std::string arm;          // arms.h: "base_balanced"
  int64_t rate_ppm = 0;     // of a rate sweep: of each kind; 0: the default policy's rows
  uint64_t seed = 1;        // of rows, plan, adapter and order
  std::string Key() const;  // "nano-shallow/gsm8k/autoif/base_balanced/0/1"
  bool operator==(const Cell&) const = default;
};

// Answers to one set of prompts. What neither complied nor refused answers something else.
struct CellCounts {
  int64_t n = 0, complied = 0, refused = 0;
  bool operator==(const CellCounts&) const = default;
};

struct CellRecord {
  Cell cell;
  std::string settings_sha;  // of all that the figures depend on beside the cell: a resumed grid
                             // takes only lines of its own settings
  int64_t user_rows = 0, user_tokens = 0;
  int64_t refusal_rows = 0, lookalike_rows = 0, benign_rows = 0, mixed_tokens = 0;
  CellCounts raw, in_format, aoa;  // harmful requests: as they are, in the user's format, under AOA
  CellCounts held_out;             // those of `raw` in categories that no safety row is of
  CellCounts safe, safe_in_format;            // look-alikes: refusals are over-refusals
  int64_t tests = 0, right = 0;               // the user's task, held out, by exact answer
  double train_seconds = 0, ask_seconds = 0;  // core-seconds

  std::string Line() const;  // without the newline
  // INVALID_ARGUMENT with what is wrong; unknown keys are.
  static absl::StatusOr<CellRecord> Parse(std::string_view line);
  bool operator==(const CellRecord&) const = default;
};

}  // namespace tuneward
