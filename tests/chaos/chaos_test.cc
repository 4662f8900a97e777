// A stack of real processes under load, parts of which are killed at random moments. Whatever was
// acknowledged ends once.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "tests/chaos/ledger.h"
#include "tests/chaos/stack_test.h"
#include "tests/chaos/wrecker.h"
#include "tests/support/result_row.h"

namespace tuneward {
namespace {

constexpr uint64_t kSeed = 20260101;
constexpr std::chrono::minutes kEndLimit{3};

class ChaosTest : public StackTest {
 protected:
  static StackOptions ShortLease() {
    StackOptions options;
    options.lease_ttl = std::chrono::milliseconds(2000);
    options.margin = std::chrono::milliseconds(700);
    return options;
  }

  // One undisturbed job of each recipe: the hash of its adapter.
  std::map<size_t, std::string> Undisturbed(WorkLoad& load) {
    std::map<size_t, std::string> adapters;
    for (size_t i = 0; i < load.recipes().size(); ++i) load.Submit();
    EXPECT_TRUE(load.WaitForEnd(kEndLimit)) << Logs();
    for (const Ask& ask : load.asks()) {
      adapters[ask.recipe] = AdapterSha(*stack_, JobId(ask.job));
      EXPECT_FALSE(adapters[ask.recipe].empty()) << Logs();
    }
    return adapters;
  }

  void ExpectClean(const Findings& found) {
    for (const std::string& complaint : found.complaints) ADD_FAILURE() << complaint;
    if (HasFailure()) std::printf("%s\n", Logs().c_str());
  }

  std::vector<Struck> StrikeAll(WorkLoad& load, const std::vector<Blow>& blows) {
    Wrecker wrecker(*stack_, load, kSeed);
    std::vector<Struck> all;
    for (const Blow blow : blows) {
      const auto struck = wrecker.Strike(blow);
      EXPECT_TRUE(struck.ok()) << struck.status() << Logs();
      if (!struck.ok()) break;
      std::printf("blow %zu: %s%s, went on after %.1f s\n", all.size() + 1,
                  std::string(Name(blow)).c_str(), struck->aimed ? "" : " (missed its moment)",
                  struck->recovery_seconds);
      std::fflush(stdout);
      all.push_back(*struck);
    }
    return all;
  }
};

void Record(const std::string& name, double value, const std::string& unit,
            const std::string& better = "", std::optional<double> goal = std::nullopt) {
  RecordResult({"chaos", "chaos." + name, value, unit, better, goal, "make test-nightly"});
}

void RecordStruck(const std::vector<Struck>& all) {
  std::vector<double> seconds;
  int aimed = 0;
  for (const Struck& struck : all) {
    aimed += struck.aimed ? 1 : 0;
    if (struck.recovery_seconds >= 0) seconds.push_back(struck.recovery_seconds);
  }
  Record("kills", static_cast<double>(all.size()), "kills", "higher", 50);
  Record("kills_at_their_moment", aimed, "kills");
  if (seconds.empty()) return;
  std::sort(seconds.begin(), seconds.end());
  Record("recovery_seconds_median", seconds[seconds.size() / 2], "s", "lower");
  Record("recovery_seconds_max", seconds.back(), "s", "lower", 30);
}

TEST_F(ChaosTest, WhatWasAcknowledgedEndsOnceAfterOneKillOfEachPlace) {
  if (!StartStack()) return;
  WorkLoad load(*stack_, {SmallRecipes(12, 1)[1]});
  const auto adapters = Undisturbed(load);
  load.Start(1, 2);
  StrikeAll(load, {Blow::kWorkerAdapterRow, Blow::kServerCreate, Blow::kBackendKill});
  load.Stop();
  ASSERT_TRUE(load.WaitForEnd(kEndLimit)) << Logs();
  EXPECT_EQ(load.RepeatAll(), 0);
  EXPECT_TRUE(load.refusals().empty()) << load.refusals()[0];
  ExpectClean(CheckEverything(*stack_, load, adapters));
}

TEST_F(ChaosTest, NightlyWhatWasAcknowledgedEndsOnceAfterFiftyKills) {
  if (!StartStack(ShortLease())) return;
  WorkLoad load(*stack_, SmallRecipes(24, 2));
  const auto adapters = Undisturbed(load);
  std::vector<Blow> blows;
  for (int round = 0; round < 5; ++round) blows.insert(blows.end(), kBlows.begin(), kBlows.end());
  RandomStream(kSeed, "chaos", 1).Shuffle(blows);
  load.Start(2, 4);
  const std::vector<Struck> all = StrikeAll(load, blows);
  load.Stop();
  ASSERT_TRUE(load.WaitForEnd(kEndLimit)) << Logs();
  const int others = load.RepeatAll();
  for (const std::string& refusal : load.refusals()) ADD_FAILURE() << refusal;
  const Findings found = CheckEverything(*stack_, load, adapters);
  ExpectClean(found);

  int attempts = 0;
  for (const Ask& ask : load.asks()) attempts += ask.attempts;
  RecordStruck(all);
  Record("acknowledged_jobs", static_cast<double>(load.asks().size()), "jobs");
  Record("requests_repeated", attempts - 2 * static_cast<double>(load.asks().size()), "requests");
  Record("acknowledged_jobs_lost", found.jobs_lost, "jobs", "lower", 0);
  Record("acknowledged_uploads_lost", found.files_lost, "files", "lower", 0);
  Record("duplicate_artefacts", found.duplicates + others, "artefacts", "lower", 0);
  Record("orphan_rows", found.orphan_rows, "rows", "lower", 0);
  Record("damaged_blobs", found.damaged_blobs, "blobs", "lower", 0);
  Record("unequal_adapters", found.unequal_adapters, "adapters", "lower", 0);
  Record("jobs_stopped_after_three_deaths", found.stopped_jobs, "jobs");
}

TEST_F(ChaosTest, NightlyAnAbsenceOfTheDatabaseIsNobodysDeath) {
  const StackOptions options = ShortLease();
  if (!StartStack(options)) return;
  WorkLoad load(*stack_, SmallRecipes(48, 4));
  load.Submit();
  for (int absence = 0; absence < 3; ++absence) {
    ASSERT_TRUE(WaitUntil([&] {
      return stack_->Sql(
                 "select count(*) from jobs j join tasks t on t.job_id = j.id where "
                 "j.stage = 'TRAINING' and t.state = 'running'") == "1";
    })) << Logs();
    ASSERT_TRUE(stack_->postgres().Crash().ok());
    std::this_thread::sleep_for(options.lease_ttl + std::chrono::milliseconds(500));
    ASSERT_TRUE(stack_->postgres().Restart().ok());
  }
  ASSERT_TRUE(load.WaitForEnd(kEndLimit)) << Logs();
  ExpectClean(CheckEverything(*stack_, load, {}));
  EXPECT_EQ(stack_->Sql("select state from jobs"), "SUCCEEDED");
  EXPECT_EQ(stack_->Sql("select sum(deaths) from tasks"), "0");
  EXPECT_NE(stack_->Sql("select sum(interruptions) from tasks"), "0");
}

}  // namespace
}  // namespace tuneward
