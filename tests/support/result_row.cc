#include "tests/support/result_row.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <vector>

#include "tests/support/child_process.h"

namespace tuneward {

void RecordResult(const ResultRow& row) {
  const std::string source = TUNEWARD_SOURCE_DIR;
  setenv("TUNEWARD_RESULTS", (source + "/docs/results/tmp").c_str(), /*overwrite=*/0);
  std::vector<std::string> argv = {"/usr/bin/python3", source + "/scripts/record_result.py",
                                   "--file",           row.file,
                                   "--name",           row.name,
                                   "--value",          fmt::format("{:.10g}", row.value),
                                   "--unit",           row.unit,
                                   "--command",        row.command};
  if (!row.better.empty()) argv.insert(argv.end(), {"--better", row.better});
  if (row.goal) argv.insert(argv.end(), {"--goal", fmt::format("{:.10g}", *row.goal)});
  const absl::Status written = RunChild(argv, ChildOptions{});
  EXPECT_TRUE(written.ok()) << row.name << ": " << written;
}

}  // namespace tuneward
