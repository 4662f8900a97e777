// Writes a measured figure into the result files (docs/results/README.md), through
// scripts/record_result.py: one writer of that format. Any thread, any number of processes.
#pragma once

#include <optional>
#include <string>

namespace tuneward {

struct ResultRow {
  std::string file;  // without .json
  std::string name;  // dotted: "fencing.stale_writes_accepted"
  double value = 0;
  std::string unit;
  std::string better;  // "higher", "lower", or empty for a figure that is only reported
  std::optional<double> goal;
  std::string command;  // what a person types to measure it again
};

// Into $TUNEWARD_RESULTS, by default docs/results/tmp, which git ignores. A figure that cannot be
// written fails the running test.
void RecordResult(const ResultRow& row);

}  // namespace tuneward
