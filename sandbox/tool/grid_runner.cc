#include "sandbox/tool/grid_runner.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "sandbox/experiment/cell_file.h"
#include "sandbox/tool/grid_progress.h"
#include "sandbox/tool/grid_workers.h"

namespace tuneward {
namespace {

// The file of lines, open for appending and locked: two runs must not do the same cells.
class Output {
 public:
  static absl::StatusOr<std::unique_ptr<Output>> Open(const std::string& path) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) return ErrnoStatus(errno, path);
    auto output = std::unique_ptr<Output>(new Output(fd));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return output;
    if (errno != EWOULDBLOCK) return ErrnoStatus(errno, path);
    return absl::UnavailableError(
        absl::StrCat(path, " is being written by another run: wait for it or end it"));
  }
  ~Output() { close(fd_); }
  int fd() const { return fd_; }

 private:
  explicit Output(int fd) : fd_(fd) {}
  const int fd_;
};

// SIGINT, SIGTERM and the end of a child wait until they are asked for.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&held_);
    for (const int signal : {SIGINT, SIGTERM, SIGCHLD}) sigaddset(&held_, signal);
    sigprocmask(SIG_BLOCK, &held_, &before_);
  }
  ~HeldSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  const sigset_t& before() const { return before_; }

  // SIGINT or SIGTERM; 0 after a child's end or after half a second.
  int Wait() const {
    const timespec half_second{0, 500'000'000};
    const int signal = sigtimedwait(&held_, nullptr, &half_second);
    return signal == SIGINT || signal == SIGTERM ? signal : 0;
  }

 private:
  sigset_t held_, before_;
};

using ByKey = std::map<std::string, CellRecord>;

// The file's lines that this run would have made itself, by the cell's key. `cut`: what stands
// after the last whole line goes.
absl::StatusOr<ByKey> TakeLines(const GridRun& run, int fd, bool cut) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadFile(run.file));
  auto lines = ReadCellLines(text);
  if (!lines.ok())
    return absl::InvalidArgumentError(absl::StrCat(run.file, ": ", lines.status().message()));
  if (cut && lines->whole_bytes < text.size()) {
    fmt::print(stderr, "{}: its last line was cut while it was written: {} bytes are dropped\n",
               run.file, text.size() - lines->whole_bytes);
    if (ftruncate(fd, static_cast<off_t>(lines->whole_bytes)) != 0)
      return ErrnoStatus(errno, run.file);
  }
  ByKey taken;
  int64_t others = 0;
  for (CellRecord& record : lines->records) {
    const auto sha = run.settings_sha.find(record.cell.model);
    if (sha == run.settings_sha.end() || sha->second != record.settings_sha)
      ++others;
    else
      taken.try_emplace(record.cell.Key(), std::move(record));
  }
  if (cut && others > 0)
    fmt::print(stderr, "{}: {} lines of other settings stay as they are and are not used\n",
               run.file, others);
  return taken;
}

std::vector<size_t> CellsToRun(const GridRun& run, const ByKey& taken) {
  std::vector<size_t> cells;
  for (size_t i = 0; i < run.cells.size(); ++i)
    if (!taken.contains(run.cells[i].Key())) cells.push_back(i);
  return cells;
}

// Until all have ended or a signal came; the signal, or 0.
absl::StatusOr<int> RunCells(const GridRun& run, std::vector<size_t> cells, int fd) {
  using Seconds = std::chrono::duration<double>;
  const HeldSignals signals;
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [start] {
    return Seconds(std::chrono::steady_clock::now() - start).count();
  };
  GridProgress progress(static_cast<int64_t>(run.cells.size() - cells.size()),
                        static_cast<int64_t>(run.cells.size()), stderr);
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<GridWorkers> workers,
                      GridWorkers::Start(run, std::move(cells), fd, signals.before()));
  int signal = 0;
  while (signal == 0 && workers->Reap() > 0) {
    signal = signals.Wait();
    progress.Show(workers->done(), seconds());
  }
  workers->End();
  progress.Finish(workers->done(), seconds());
  if (signal == 0 && !workers->problems().empty())
    return absl::AbortedError(absl::StrJoin(workers->problems(), "\n"));
  return signal;
}

}  // namespace

absl::Status CheckJobs(int jobs) {
  if (jobs >= 1 && jobs <= kMostJobs) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("jobs must be in [1, ", kMostJobs, "], got ", jobs));
}

absl::StatusOr<GridEnd> RunGrid(const GridRun& run) {
  TW_RETURN_IF_ERROR(CheckJobs(run.jobs));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<Output> output, Output::Open(run.file));
  TW_ASSIGN_OR_RETURN(ByKey taken, TakeLines(run, output->fd(), true));
  std::vector<size_t> cells = CellsToRun(run, taken);
  GridEnd end;
  if (!cells.empty()) {
    if (cells.size() < run.cells.size())
      fmt::print(stderr, "{}: {} of {} cells are there already\n", run.file,
                 run.cells.size() - cells.size(), run.cells.size());
    TW_ASSIGN_OR_RETURN(end.signal, RunCells(run, std::move(cells), output->fd()));
    TW_ASSIGN_OR_RETURN(taken, TakeLines(run, output->fd(), false));
  }
  for (const Cell& cell : run.cells)
    if (const auto found = taken.find(cell.Key()); found != taken.end())
      end.records.push_back(found->second);
  return end;
}

}  // namespace tuneward
