// Real workers that are stopped (SIGSTOP) while they hold a task, and go on when another has it, or
// has ended it. The one that wakes up changes nothing.
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "core/base/random.h"
#include "tests/chaos/ledger.h"
#include "tests/chaos/stack_test.h"
#include "tests/support/result_row.h"
#include "tests/support/sql.h"

namespace tuneward {
namespace {

constexpr uint64_t kSeed = 20260104;
constexpr int kRuns = 5;
constexpr std::chrono::minutes kEndLimit{2};

class SigstopTest : public StackTest {
 protected:
  struct Holder {
    std::string task, fence, worker;
  };
  // Of the job's running task of that kind, once it has one.
  Holder AwaitHolder(const std::string& kind) {
    Holder holder;
    WaitUntil([&] {
      const auto rows =
          Query(stack_->pool(),
                "select t.id, t.fence, w.address from tasks t join workers w on "
                "w.id = t.worker_id join jobs j on j.id = t.job_id where t.state = 'running' "
                "and j.stage in ('TRAINING', 'AUDITING') and t.kind = '" +
                    kind + "'");
      if (!rows.ok() || rows->empty()) return false;
      holder = {(*rows)[0][0], (*rows)[0][1], stack_->WorkerAt((*rows)[0][2])};
      return !holder.worker.empty();
    });
    return holder;
  }
  // Another holds the task, or has ended it.
  bool MovedOn(const Holder& holder) {
    return stack_->Sql("select state <> 'queued' and fence <> " + holder.fence +
                       " from tasks where id = '" + holder.task + "'") == "t";
  }
};

TEST_F(SigstopTest, NightlyAStoppedWorkerThatWakesUpChangesNothing) {
  if (!StartStack()) return;
  WorkLoad load(*stack_, SmallRecipes(24, 3));
  for (size_t i = 0; i < load.recipes().size(); ++i) load.Submit();
  ASSERT_TRUE(load.WaitForEnd(kEndLimit)) << Logs();
  std::map<size_t, std::string> adapters;
  for (const Ask& ask : load.asks()) adapters[ask.recipe] = AdapterSha(*stack_, JobId(ask.job));

  RandomStream random(kSeed, "sigstop");
  for (int run = 0; run < kRuns; ++run) {
    load.Submit();
    const Holder holder = AwaitHolder(run % 3 == 2 ? "audit" : "train");
    ASSERT_FALSE(holder.worker.empty()) << Logs();
    std::this_thread::sleep_for(std::chrono::milliseconds(random.Below(500)));
    stack_->Signal(holder.worker, SIGSTOP);
    const bool moved = WaitUntil([&] { return MovedOn(holder); }, std::chrono::seconds(30));
    // Awake while the other works, or when all is over.
    if (random.Below(2) == 0) load.WaitForEnd(kEndLimit);
    std::this_thread::sleep_for(std::chrono::milliseconds(random.Below(500)));
    stack_->Signal(holder.worker, SIGCONT);
    ASSERT_TRUE(moved) << Logs();
    ASSERT_TRUE(load.WaitForEnd(kEndLimit)) << Logs();
  }
  const Findings found = CheckEverything(*stack_, load, adapters);
  for (const std::string& complaint : found.complaints) ADD_FAILURE() << complaint;
  if (HasFailure()) std::printf("%s\n", Logs().c_str());
  RecordResult(
      {"fencing", "fencing.sigstop_runs", kRuns, "runs", "", std::nullopt, "make test-nightly"});
  RecordResult({"fencing", "fencing.sigstop_changes_by_the_stale",
                static_cast<double>(found.duplicates + found.unequal_adapters + found.jobs_lost),
                "artefacts", "lower", 0, "make test-nightly"});
}

}  // namespace
}  // namespace tuneward
