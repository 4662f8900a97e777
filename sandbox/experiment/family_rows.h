// An operator's rows of one task family: a file of JSON lines, each one task in its two forms, the
// community's template with the bare answer and the same as an instruction that is fulfilled.
// Strict: what is wrong is named with the file, the line and the path. Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"

namespace tuneward {

struct TaskRow {
  Chat benign, autoif;
  bool test = false;  // "split":"test"
};

struct FamilyRows {
  std::string family;  // "gsm8k"
  std::vector<TaskRow> rows;
  bool has_split = false;  // every row says whether it is for training or for tests
  std::string sha;         // hex, of the file
};

// A line is {"benign":{"user","assistant"},"autoif":{"user","assistant"},"split"?}, split being
// "train" or "test" in all lines or in none. `path` is what errors call the file. INVALID_ARGUMENT
// for a family's name that is not [a-z0-9][a-z0-9_]{0,39}, no rows, malformed JSON, an unknown key,
// a missing or empty text and a user turn that another line has in the same form.
absl::StatusOr<FamilyRows> ParseFamilyRows(const std::string& family, const std::string& path,
                                           std::string_view text);

}  // namespace tuneward
