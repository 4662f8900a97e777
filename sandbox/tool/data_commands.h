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
};

// One JSON line a row, as a client would upload it.
absl::StatusOr<std::string> DataLines(const DataOptions& options);
absl::Status MakeData(const DataOptions& options,
                      const std::string& out_file);  // "-": standard output
absl::Status Show(const DataOptions& options);       // rows as readable text

}  // namespace tuneward
