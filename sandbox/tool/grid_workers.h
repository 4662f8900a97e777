// The processes of a grid runner: each takes the next cell from a counter that all share, runs it
// and appends its line. They end with their parent. One owner, one thread.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "sandbox/tool/grid_runner.h"

namespace tuneward {

class GridWorkers {
 public:
  // Forks min(run.jobs, cells) processes. `cells`: indices into run.cells that are to be run.
  // `output`: descriptor of the file, open for appending. `mask`: the signals that a process
  // blocks.
  static absl::StatusOr<std::unique_ptr<GridWorkers>> Start(const GridRun& run,
                                                            std::vector<size_t> cells, int output,
                                                            const sigset_t& mask);
  ~GridWorkers();  // ends what still runs
  GridWorkers(const GridWorkers&) = delete;
  GridWorkers& operator=(const GridWorkers&) = delete;

  // Takes note of processes that ended; how many still run.
  int Reap();
  void End();            // at once
  int64_t done() const;  // cells whose lines are written
  // What went wrong, a line each: a cell's key and its error.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  struct Slot;
  struct Shared;
  GridWorkers(const GridRun& run, std::vector<size_t> cells, int output, Shared* shared);
  [[noreturn]] void Work(int worker, pid_t parent, const sigset_t& mask);
  absl::Status RunCells(int worker);
  void Note(const Slot& slot, int wait_status);

  const GridRun& run_;
  const std::vector<size_t> cells_;
  const int output_;
  Shared* const shared_;
  std::vector<pid_t> processes_;  // 0: ended
  std::vector<std::string> problems_;
};

}  // namespace tuneward
