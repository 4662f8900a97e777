// The runner with cells that cost nothing: what it keeps, takes, says and ends.
#include "sandbox/tool/grid_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "sandbox/experiment/cell_file.h"

namespace tuneward {
namespace {

using testing::HasSubstr;

constexpr char kSha[] = "ab";

// What a cell's record holds is a function of the cell, as with the real one.
CellRecord RecordOf(const Cell& cell) {
  CellRecord record;
  record.cell = cell;
  record.settings_sha = kSha;
  record.raw = {200, static_cast<int64_t>(cell.seed), 7};
  return record;
}

class GridRunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "grid-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    run_.file = folder_ + "/cells.jsonl";
    run_.settings_sha = {{"nano", kSha}};
    for (uint64_t seed = 1; seed <= 12; ++seed)
      run_.cells.push_back({"nano", "gsm8k", "autoif", "base", 0, seed});
    UseCells([](const Cell& cell) -> absl::StatusOr<CellRecord> { return RecordOf(cell); });
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void UseCells(CellFunction function) {
    run_.open = [function](int) -> absl::StatusOr<CellFunction> { return function; };
  }
  void ExpectWhole(const absl::StatusOr<GridEnd>& end) {
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_EQ(end->signal, 0);
    ASSERT_EQ(end->records.size(), run_.cells.size());
    for (size_t i = 0; i < run_.cells.size(); ++i)
      EXPECT_EQ(end->records[i], RecordOf(run_.cells[i]));
  }
  std::vector<CellRecord> Lines() {
    return ReadCellLines(ReadFile(run_.file).value()).value().records;
  }
  void Write(const std::string& text) { std::ofstream(run_.file, std::ios::app) << text; }
  // The keys of the cells that a further run asks for.
  std::string Asked() {
    const std::string log = folder_ + "/asked";
    std::filesystem::remove(log);
    Write("");
    UseCells([log](const Cell& cell) -> absl::StatusOr<CellRecord> {
      std::ofstream(log, std::ios::app) << cell.seed << " ";
      return RecordOf(cell);
    });
    run_.jobs = 1;
    ExpectWhole(RunGrid(run_));
    return std::filesystem::exists(log) ? ReadFile(log).value() : "";
  }

  std::string folder_;
  GridRun run_;
};

TEST_F(GridRunnerTest, GivesTheSameRecordsWithAnyNumberOfProcesses) {
  for (const int jobs : {1, 3, 40}) {
    std::filesystem::remove(run_.file);
    run_.jobs = jobs;
    ExpectWhole(RunGrid(run_));
    EXPECT_EQ(Lines().size(), run_.cells.size());
  }
}

TEST_F(GridRunnerTest, OpensOnceInEachProcess) {
  const std::string log = folder_ + "/opened";
  run_.jobs = 2;
  run_.open = [log](int worker) -> absl::StatusOr<CellFunction> {
    std::ofstream(log, std::ios::app) << worker << "\n";
    return [](const Cell& cell) -> absl::StatusOr<CellRecord> { return RecordOf(cell); };
  };
  ExpectWhole(RunGrid(run_));
  const std::string opened = ReadFile(log).value();
  EXPECT_TRUE(opened == "0\n1\n" || opened == "1\n0\n") << opened;
}

TEST_F(GridRunnerTest, TakesLinesOfItsSettingsAndLeavesOthers) {
  CellRecord other = RecordOf(run_.cells[3]);
  other.settings_sha = "cd";
  CellRecord stranger = RecordOf({"micro", "gsm8k", "autoif", "base", 0, 1});
  Write(RecordOf(run_.cells[0]).Line() + "\n" + other.Line() + "\n" + stranger.Line() + "\n" +
        RecordOf(run_.cells[11]).Line() + "\n");
  testing::internal::CaptureStderr();
  EXPECT_EQ(Asked(), "2 3 4 5 6 7 8 9 10 11 ");
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("2 lines of other settings"));
  EXPECT_THAT(said, HasSubstr("2 of 12 cells are there already"));
  EXPECT_EQ(Lines().size(), 14u);
  EXPECT_EQ(Lines()[1], other);
  EXPECT_EQ(Asked(), "");  // nothing is left to do
}

TEST_F(GridRunnerTest, DropsALineThatWasCut) {
  const std::string line = RecordOf(run_.cells[1]).Line();
  Write(RecordOf(run_.cells[0]).Line() + "\n" + line.substr(0, 40));
  testing::internal::CaptureStderr();
  EXPECT_EQ(Asked(), "2 3 4 5 6 7 8 9 10 11 12 ");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("40 bytes are dropped"));
  EXPECT_EQ(Lines().size(), 12u);
}

TEST_F(GridRunnerTest, RefusesABadLineByItsNumberAndLeavesTheFile) {
  Write(RecordOf(run_.cells[0]).Line() + "\nhello\n" + RecordOf(run_.cells[1]).Line() + "\n");
  const std::string before = ReadFile(run_.file).value();
  const absl::Status status = RunGrid(run_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(run_.file + ": line 2: "));
  EXPECT_EQ(ReadFile(run_.file).value(), before);
}

TEST_F(GridRunnerTest, AnErrorNamesItsCellAndTheOthersFinishTheirs) {
  run_.jobs = 2;
  const std::string begun = folder_ + "/begun";
  UseCells([begun](const Cell& cell) -> absl::StatusOr<CellRecord> {
    if (cell.seed == 1) {  // ends while the other process is in its cell
      while (!std::filesystem::exists(begun)) usleep(1000);
      return absl::OutOfRangeError("diverged at step 3");
    }
    std::ofstream(begun) << "x";
    usleep(200'000);
    return RecordOf(cell);
  });
  const absl::Status status = RunGrid(run_).status();
  EXPECT_EQ(std::string(status.message()), "nano/gsm8k/autoif/base/0/1: diverged at step 3");
  ASSERT_EQ(Lines().size(), 1u);
  EXPECT_EQ(Lines()[0].cell.seed, 2u);
}

TEST_F(GridRunnerTest, AProcessThatDiesIsAnErrorOfItsCell) {
  UseCells([](const Cell& cell) -> absl::StatusOr<CellRecord> {
    if (cell.seed == 3) kill(getpid(), SIGKILL);
    return RecordOf(cell);
  });
  const absl::Status status = RunGrid(run_).status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("base/0/3: its process was ended by signal 9"));
  EXPECT_EQ(Lines().size(), 2u);
  EXPECT_EQ(Asked(), "3 4 5 6 7 8 9 10 11 12 ");
}

TEST_F(GridRunnerTest, AnExceptionAndAFailedOpeningAreErrors) {
  UseCells(
      [](const Cell&) -> absl::StatusOr<CellRecord> { throw std::runtime_error("no memory"); });
  EXPECT_THAT(std::string(RunGrid(run_).status().message()), HasSubstr("base/0/1: no memory"));
  run_.open = [](int) -> absl::StatusOr<CellFunction> { return absl::NotFoundError("no model"); };
  EXPECT_THAT(std::string(RunGrid(run_).status().message()),
              HasSubstr("before the first cell: no model"));
}

// In a process of its own: a signal ends the run. Its exit code: 0 where all is as it should be.
int InterruptedRun(GridRun run, int signal) {
  const pid_t child = fork();
  if (child == 0) {
    std::freopen("/dev/null", "w", stderr);
    const auto end = RunGrid(run);
    _exit(end.ok() && end->signal == signal && end->records.size() == 2 ? 0 : 1);
  }
  while (!std::filesystem::exists(run.file) ||
         ReadCellLines(ReadFile(run.file).value()).value().records.size() < 2)
    usleep(1000);
  kill(child, signal);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_F(GridRunnerTest, ASignalEndsTheRunAndTheNextOneGoesOn) {
  for (const int signal : {SIGINT, SIGTERM}) {
    std::filesystem::remove(run_.file);
    run_.jobs = 2;
    const std::string pids = folder_ + "/pids";
    UseCells([pids](const Cell& cell) -> absl::StatusOr<CellRecord> {
      std::ofstream(pids, std::ios::app) << getpid() << "\n";
      if (cell.seed > 2) usleep(60'000'000);
      return RecordOf(cell);
    });
    EXPECT_EQ(InterruptedRun(run_, signal), 0);
    std::ifstream lines(pids);
    for (pid_t pid = 0; lines >> pid;) EXPECT_EQ(kill(pid, 0), -1) << pid << " still runs";
    EXPECT_EQ(Asked(), "3 4 5 6 7 8 9 10 11 12 ");
  }
}

TEST_F(GridRunnerTest, ProcessesEndWithTheirParent) {
  const std::string pids = folder_ + "/pids";
  UseCells([pids](const Cell& cell) -> absl::StatusOr<CellRecord> {
    std::ofstream(pids, std::ios::app) << getpid() << "\n";
    usleep(60'000'000);
    return RecordOf(cell);
  });
  const pid_t parent = fork();
  if (parent == 0) _exit(RunGrid(run_).ok() ? 0 : 1);
  pid_t worker = 0;
  while (!(std::ifstream(pids) >> worker)) usleep(1000);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const std::string status = absl::StrCat("/proc/", worker, "/status");
  const auto runs = [&] {  // a zombie that nobody has reaped yet has ended
    const auto text = ReadFile(status);
    return text.ok() && text->find("State:\tZ") == std::string::npos;
  };
  while (runs() && std::chrono::steady_clock::now() < until) usleep(1000);
  EXPECT_FALSE(runs());
}

TEST_F(GridRunnerTest, TwoRunsDoNotShareAFile) {
  const std::string begun = folder_ + "/begun";
  GridRun slow = run_;
  slow.open = [begun](int) -> absl::StatusOr<CellFunction> {
    std::ofstream(begun) << "x";
    usleep(60'000'000);
    return absl::InternalError("not ended");
  };
  const pid_t other = fork();
  if (other == 0) _exit(RunGrid(slow).ok() ? 0 : 1);
  while (!std::filesystem::exists(begun)) usleep(1000);
  const absl::Status status = RunGrid(run_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr(run_.file));
  kill(other, SIGTERM);
  waitpid(other, nullptr, 0);
  ExpectWhole(RunGrid(run_));
}

TEST_F(GridRunnerTest, RefusesNumbersOfProcessesThatItCannotHave) {
  for (const int jobs : {0, -1, kMostJobs + 1}) {
    run_.jobs = jobs;
    EXPECT_EQ(RunGrid(run_).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_FALSE(std::filesystem::exists(run_.file));
}

}  // namespace
}  // namespace tuneward
