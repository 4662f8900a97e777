// Runs the cells of a grid in several processes and keeps each finished one as a line of a file.
// A run that is cut, by a signal or by the end of the machine, goes on where it was: lines of the
// same settings are taken. Knows nothing of models: what a cell is, is a function. Forks, so the
// caller has one thread and has not used torch.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "sandbox/experiment/cell.h"

namespace tuneward {

inline constexpr int kMostJobs = 256;
absl::Status CheckJobs(int jobs);  // INVALID_ARGUMENT outside [1, kMostJobs]

using CellFunction = std::function<absl::StatusOr<CellRecord>(const Cell&)>;

struct GridRun {
  std::vector<Cell> cells;                          // no two alike
  std::map<std::string, std::string> settings_sha;  // by model: of the lines that are taken
  std::string file;                                 // of lines; made where there is none
  int jobs = 1;                                     // processes, [1, kMostJobs]
  // In each process before its first cell; `worker` counts from 0.
  std::function<absl::StatusOr<CellFunction>(int worker)> open;
};

struct GridEnd {
  std::vector<CellRecord>
      records;     // of every cell, in the order of the cells; fewer after a signal
  int signal = 0;  // SIGINT or SIGTERM that ended the run; 0: it is complete
};

// Progress, what was taken and what was cut off go to standard error. After a signal the processes
// are ended, and what is written stays. An error of a cell lets the others finish theirs and names
// the cell; INVALID_ARGUMENT with file and line for one that is no cell's; UNAVAILABLE when another
// run writes the file.
absl::StatusOr<GridEnd> RunGrid(const GridRun& run);

}  // namespace tuneward
