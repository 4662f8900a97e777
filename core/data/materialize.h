// Turns a user's rows and a plan's rows into training rows. Pure and deterministic: the same file,
// plan and template give the same tokens in the same order, so that nothing has to be stored
// (contracts.md A2).
#pragma once

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "core/data/chat_template.h"
#include "core/data/dataset_validator.h"
#include "core/data/training_row.h"

namespace tuneward {

enum class OnOverlong { kTruncate, kDrop, kRefuse };
std::string_view OnOverlongName(OnOverlong value);  // "truncate", "drop", "refuse"
absl::StatusOr<OnOverlong> ParseOnOverlong(std::string_view name);

struct MaterializeOptions {
  int max_tokens = 1024;  // longer user rows are handled by on_overlong; at most the base's context
  // The base's context: a client's max_tokens must not cut away what the policy adds. A longer
  // mixed row is an error.
  int mixed_max_tokens = 1024;
  OnOverlong on_overlong = OnOverlong::kTruncate;
  std::set<int64_t> dropped_lines;  // the plan's "dropped"
  TokenId unknown_id = -1;          // the tokenizer's, to be counted; -1: it has none
};

struct MaterializeCounts {
  int64_t rows = 0, tokens = 0,
          targets = 0;                 // a preference is one row, with tokens of both answers
  int64_t truncated = 0, dropped = 0;  // overlong rows; dropped also when truncation left no target
  int64_t alike = 0;    // preferences left out because both answers came to the same tokens
  int64_t unknown = 0;  // tokens that stand for text the tokenizer cannot write
};

struct MaterializedRows {
  // User rows in file order, then mixed rows in plan order. A preference is two rows, the preferred
  // answer's and the other's ("u:17", "u:17/rejected"), with the same tokens before their targets.
  std::vector<TrainingRow> rows;
  MaterializeCounts user, mixed;
};

// FAILED_PRECONDITION when no user row is left; INVALID_ARGUMENT LIMIT_EXCEEDED on an overlong row
// under kRefuse, and on an overlong mixed row.
absl::StatusOr<MaterializedRows> Materialize(const std::vector<NumberedRow>& user,
                                             const std::vector<Chat>& mixed,
                                             const ChatTemplate& chat_template,
                                             const MaterializeOptions& options);

}  // namespace tuneward
