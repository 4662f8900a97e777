#include "sandbox/tool/grid_workers.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"

namespace tuneward {

// In memory that the processes share; atomics alone, which need no lock.
struct GridWorkers::Slot {
  std::atomic<int64_t> cell{-1};  // index into cells_ of what runs; -1: none yet
  char problem[2000] = {};        // written before the process ends
};

struct GridWorkers::Shared {
  std::atomic<int64_t> next{0}, done{0};
  std::atomic<bool> stop{false};  // take no further cell
  Slot slots[kMostJobs];
};

namespace {

// One write: lines of several processes never mix.
absl::Status AppendLine(int output, const std::string& line, const std::string& file) {
  const ssize_t written = write(output, line.data(), line.size());
  if (written < 0) return ErrnoStatus(errno, file);
  if (static_cast<size_t>(written) != line.size())
    return absl::ResourceExhaustedError(absl::StrCat(file, ": only ", written, " of a line's ",
                                                     line.size(), " bytes were written"));
  return absl::OkStatus();
}

}  // namespace

GridWorkers::GridWorkers(const GridRun& run, std::vector<size_t> cells, int output, Shared* shared)
    : run_(run), cells_(std::move(cells)), output_(output), shared_(shared) {}

absl::StatusOr<std::unique_ptr<GridWorkers>> GridWorkers::Start(const GridRun& run,
                                                                std::vector<size_t> cells,
                                                                int output, const sigset_t& mask) {
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return ErrnoStatus(errno, "memory that processes share");
  const size_t count = std::min(static_cast<size_t>(run.jobs), cells.size());
  std::unique_ptr<GridWorkers> workers(
      new GridWorkers(run, std::move(cells), output, new (memory) Shared));
  std::fflush(nullptr);  // what is buffered here must not come out again there
  const pid_t parent = getpid();
  for (size_t i = 0; i < count; ++i) {
    const pid_t pid = fork();
    if (pid < 0) return ErrnoStatus(errno, "fork");  // the destructor ends the others
    if (pid == 0) workers->Work(static_cast<int>(i), parent, mask);
    workers->processes_.push_back(pid);
  }
  return workers;
}

GridWorkers::~GridWorkers() {
  End();
  munmap(shared_, sizeof(Shared));
}

void GridWorkers::Work(int worker, pid_t parent, const sigset_t& mask) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it died before the line above
  std::signal(SIGINT, SIG_IGN);       // a terminal sends it to all; the parent ends the others
  std::signal(SIGTERM, SIG_DFL);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  absl::Status status;
  try {
    status = RunCells(worker);
  } catch (const std::exception& e) {
    status = absl::InternalError(e.what());
  }
  if (!status.ok()) {
    shared_->stop = true;
    Slot& slot = shared_->slots[worker];
    std::snprintf(slot.problem, sizeof(slot.problem), "%s", std::string(status.message()).c_str());
  }
  _exit(status.ok() ? 0 : 1);
}

absl::Status GridWorkers::RunCells(int worker) {
  TW_ASSIGN_OR_RETURN(const CellFunction run_cell, run_.open(worker));
  Slot& slot = shared_->slots[worker];
  while (!shared_->stop) {
    const int64_t at = shared_->next++;
    if (at >= static_cast<int64_t>(cells_.size())) return absl::OkStatus();
    slot.cell = at;
    TW_ASSIGN_OR_RETURN(const CellRecord record, run_cell(run_.cells[cells_[at]]));
    TW_RETURN_IF_ERROR(AppendLine(output_, record.Line() + "\n", run_.file));
    ++shared_->done;
  }
  return absl::OkStatus();
}

int GridWorkers::Reap() {
  int running = 0;
  for (size_t i = 0; i < processes_.size(); ++i) {
    if (processes_[i] == 0) continue;
    int wait_status = 0;
    if (waitpid(processes_[i], &wait_status, WNOHANG) == 0) {
      ++running;
      continue;
    }
    processes_[i] = 0;
    Note(shared_->slots[i], wait_status);
  }
  return running;
}

void GridWorkers::Note(const Slot& slot, int wait_status) {
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) return;
  shared_->stop = true;
  const int64_t at = slot.cell;
  std::string problem = at < 0 ? "before the first cell" : run_.cells[cells_[at]].Key();
  if (slot.problem[0] != '\0')
    absl::StrAppend(&problem, ": ", slot.problem);
  else if (WIFSIGNALED(wait_status))
    absl::StrAppend(&problem, ": its process was ended by signal ", WTERMSIG(wait_status), " (",
                    strsignal(WTERMSIG(wait_status)), ")");
  else
    absl::StrAppend(&problem, ": its process ended with ", WEXITSTATUS(wait_status));
  problems_.push_back(std::move(problem));
}

void GridWorkers::End() {
  for (pid_t& pid : processes_) {
    if (pid == 0) continue;
    kill(pid, SIGKILL);  // nothing to tidy: a line is written whole or not at all
    waitpid(pid, nullptr, 0);
    pid = 0;
  }
}

int64_t GridWorkers::done() const { return shared_->done; }

}  // namespace tuneward
