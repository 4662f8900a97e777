#include "worker/runner/lease_keeper.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// TTL 2 s, margin 500 ms.
KeeperSettings Short(int heartbeat_ms) {
  KeeperSettings settings;
  settings.lease.ttl = seconds(2);
  settings.lease.heartbeat = milliseconds(heartbeat_ms);
  settings.margin = milliseconds(500);
  return settings;
}

class LeaseKeeperTest : public ::testing::Test {
 protected:
  LeaseKeeper::Calls Calls() {
    return {[this](const TaskLease& lease, const Json& progress) -> absl::StatusOr<HeartbeatReply> {
              ++renewals_;
              last_lease_ = lease;
              last_progress_ = progress;
              clock_.Advance(call_takes_);
              if (during_call_) during_call_();
              if (!renew_status_.ok()) return renew_status_;
              return answer_;
            },
            [this] {
              ++alive_;
              return alive_status_;
            }};
  }

  FakeClock clock_;
  HeartbeatReply answer_;
  absl::Status renew_status_, alive_status_;
  std::function<void()> during_call_;
  milliseconds call_takes_{0};
  int renewals_ = 0, alive_ = 0;
  TaskLease last_lease_;
  Json last_progress_;
};

TEST_F(LeaseKeeperTest, StopsTheTaskAtTtlLessMarginWithoutAnyBeat) {
  LeaseKeeper keeper({}, clock_, Calls());
  auto control = keeper.Hold({"task-1", 7}, clock_.Monotonic());
  clock_.Advance(seconds(15) - milliseconds(1));
  EXPECT_FALSE(control->ShouldStop());
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(control->stop_reason(), StopReason::kLeaseLost);
}

TEST_F(LeaseKeeperTest, CountsTheTtlFromBeforeTheHeartbeatWasSent) {
  LeaseKeeper keeper({}, clock_, Calls());
  auto control = keeper.Hold({"task-1", 7}, clock_.Monotonic());
  clock_.Advance(seconds(5));
  call_takes_ = seconds(4);
  EXPECT_EQ(keeper.Beat(), seconds(5));
  EXPECT_EQ(last_lease_.task_id, "task-1");
  EXPECT_EQ(last_lease_.fence, 7);
  clock_.Advance(seconds(11) -
                 milliseconds(1));  // sent at 5 s, so good until 20 s; now 20 s - 1 ms
  EXPECT_FALSE(control->ShouldStop());
  clock_.Advance(milliseconds(1));
  EXPECT_EQ(control->stop_reason(), StopReason::kLeaseLost);
}

TEST_F(LeaseKeeperTest, CarriesProgressOutAndTheCancelIn) {
  LeaseKeeper keeper({}, clock_, Calls());
  auto control = keeper.Hold({"task-1", 7}, clock_.Monotonic());
  control->SetProgress({{"step", 3}});
  answer_.cancel_requested = true;
  keeper.Beat();
  EXPECT_EQ(last_progress_["step"], 3);
  EXPECT_EQ(control->stop_reason(), StopReason::kCancel);
  control->RequestStop(StopReason::kDrain);
  EXPECT_EQ(control->stop_reason(), StopReason::kCancel);
}

TEST_F(LeaseKeeperTest, StopsAtOnceWhenTheLeaseIsLostAndBeatsNoMore) {
  LeaseKeeper keeper({}, clock_, Calls());
  auto control = keeper.Hold({"task-1", 7}, clock_.Monotonic());
  renew_status_ = absl::AbortedError("LEASE_LOST");
  keeper.Beat();
  EXPECT_EQ(control->stop_reason(), StopReason::kLeaseLost);
  keeper.Beat();
  EXPECT_EQ(renewals_, 1);
}

TEST_F(LeaseKeeperTest, TriesAgainSoonWithoutAnAnswerAndGivesUpAtTheDeadline) {
  LeaseKeeper keeper({}, clock_, Calls());
  auto control = keeper.Hold({"task-1", 7}, clock_.Monotonic());
  renew_status_ = absl::UnavailableError("connection refused");
  EXPECT_EQ(keeper.Beat(), seconds(1));
  EXPECT_FALSE(control->ShouldStop());
  clock_.Advance(seconds(14));
  EXPECT_EQ(keeper.Beat(), seconds(1));
  EXPECT_FALSE(control->ShouldStop());
  clock_.Advance(seconds(1));
  keeper.Beat();
  EXPECT_EQ(control->stop_reason(), StopReason::kLeaseLost);
}

TEST_F(LeaseKeeperTest, RecoversWhenTheDatabaseAnswersAgainInTime) {
  LeaseKeeper keeper({}, clock_, Calls());
  auto control = keeper.Hold({"task-1", 7}, clock_.Monotonic());
  renew_status_ = absl::UnavailableError("connection refused");
  keeper.Beat();
  clock_.Advance(seconds(14));
  renew_status_ = absl::OkStatus();
  keeper.Beat();
  clock_.Advance(seconds(14));
  EXPECT_FALSE(control->ShouldStop());
}

TEST_F(LeaseKeeperTest, ALateAnswerDoesNotBringALostLeaseBack) {
  LeaseKeeper keeper({}, clock_, Calls());
  auto control = keeper.Hold({"task-1", 7}, clock_.Monotonic());
  clock_.Advance(seconds(15));
  EXPECT_TRUE(control->ShouldStop());
  keeper.Beat();
  EXPECT_EQ(control->stop_reason(), StopReason::kLeaseLost);
}

TEST_F(LeaseKeeperTest, AnAnswerForATaskThatEndedDoesNotTouchTheNext) {
  LeaseKeeper keeper({}, clock_, Calls());
  keeper.Hold({"task-1", 7}, clock_.Monotonic());
  renew_status_ = absl::AbortedError("LEASE_LOST");
  std::shared_ptr<TaskControl> next;
  during_call_ = [&] {
    keeper.Release({"task-1", 7});
    next = keeper.Hold({"task-2", 8}, clock_.Monotonic());
  };
  keeper.Beat();
  EXPECT_FALSE(next->ShouldStop());
  renew_status_ = absl::OkStatus();
  during_call_ = nullptr;
  keeper.Beat();
  EXPECT_EQ(last_lease_.task_id, "task-2");
}

TEST_F(LeaseKeeperTest, RenewsEveryTaskAndLosesOneAlone) {
  LeaseKeeper keeper({}, clock_, Calls());
  const auto first = keeper.Hold({"task-1", 7}, clock_.Monotonic());
  const auto second = keeper.Hold({"task-2", 8}, clock_.Monotonic());
  during_call_ = [&] {
    renew_status_ = last_lease_.fence == 7 ? absl::AbortedError("LEASE_LOST") : absl::OkStatus();
  };
  clock_.Advance(seconds(10));
  keeper.Beat();
  EXPECT_EQ(renewals_, 2);
  EXPECT_EQ(first->stop_reason(), StopReason::kLeaseLost);
  clock_.Advance(seconds(14));
  EXPECT_FALSE(second->ShouldStop());
  during_call_ = [&] {
    renew_status_ =
        last_lease_.fence == 9 ? absl::UnavailableError("connection refused") : absl::OkStatus();
  };
  keeper.Hold({"task-3", 9}, clock_.Monotonic());
  EXPECT_EQ(keeper.Beat(), seconds(1)) << "one of two without an answer is asked again soon";
  keeper.StopTasks(StopReason::kDrain);
  EXPECT_EQ(second->stop_reason(), StopReason::kDrain);
  keeper.Release({"task-2", 8});
  keeper.Release({"task-3", 9});
  renewals_ = 0;
  keeper.Beat();
  EXPECT_EQ(renewals_, 0);
}

TEST_F(LeaseKeeperTest, SignsOfLifeGoOnWithoutATask) {
  LeaseKeeper keeper({}, clock_, Calls());
  alive_status_ = absl::UnavailableError("away");
  EXPECT_EQ(keeper.Beat(), seconds(5));
  EXPECT_EQ(alive_, 1);
  EXPECT_EQ(renewals_, 0);
}

TEST_F(LeaseKeeperTest, RefusesSettingsThatCannotHold) {
  EXPECT_TRUE(CheckKeeperSettings({}).ok());
  EXPECT_TRUE(CheckKeeperSettings(Short(500)).ok());
  EXPECT_FALSE(CheckKeeperSettings(Short(1500)).ok());
  EXPECT_FALSE(CheckKeeperSettings(Short(0)).ok());
}

}  // namespace
}  // namespace tuneward
