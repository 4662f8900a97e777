#include "worker/runner/lease_keeper.h"

#include <algorithm>

#include "core/base/log.h"

namespace tuneward {

absl::Status CheckKeeperSettings(const KeeperSettings& settings) {
  auto ms = [](std::chrono::milliseconds value) { return std::to_string(value.count()); };
  if (settings.lease.heartbeat.count() <= 0 || settings.margin.count() <= 0 ||
      settings.retry.count() <= 0) {
    return absl::InvalidArgumentError(
        "lease settings: heartbeat, margin and retry must be above 0 ms");
  }
  if (settings.lease.heartbeat + settings.margin >= settings.lease.ttl) {
    return absl::InvalidArgumentError(
        "lease settings: heartbeat " + ms(settings.lease.heartbeat) + " ms + margin " +
        ms(settings.margin) + " ms must be below the TTL, " + ms(settings.lease.ttl) + " ms");
  }
  return absl::OkStatus();
}

LeaseKeeper::LeaseKeeper(KeeperSettings settings, const Clock& clock, Calls calls)
    : settings_(settings), clock_(clock), calls_(std::move(calls)) {}

LeaseKeeper::~LeaseKeeper() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LeaseKeeper::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void LeaseKeeper::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const std::chrono::milliseconds wait = Beat();
    lock.lock();
    wake_.wait_for(lock, wait, [this] { return stopping_; });
  }
}

std::shared_ptr<TaskControl> LeaseKeeper::Hold(const TaskLease& lease, Clock::MonoTime asked_at) {
  auto control =
      std::make_shared<TaskControl>(clock_, asked_at + settings_.lease.ttl - settings_.margin);
  std::lock_guard lock(mutex_);
  held_.push_back({lease, control, CurrentLogFields()});
  return control;
}

std::vector<LeaseKeeper::Held>::iterator LeaseKeeper::Find(const TaskLease& lease) {
  return std::find_if(held_.begin(), held_.end(), [&](const Held& held) {
    return held.lease.task_id == lease.task_id && held.lease.fence == lease.fence;
  });
}

void LeaseKeeper::Release(const TaskLease& lease) {
  std::lock_guard lock(mutex_);
  if (const auto held = Find(lease); held != held_.end()) held_.erase(held);
}

void LeaseKeeper::StopTasks(StopReason reason) {
  std::lock_guard lock(mutex_);
  for (const Held& held : held_) held.control->RequestStop(reason);
}

std::chrono::milliseconds LeaseKeeper::Beat() {
  const bool answered = RenewLeases();
  if (absl::Status alive = calls_.worker_alive(); !alive.ok()) {
    LogWarning("the worker's sign of life was not stored",
               {{"error", std::string(alive.message())}});
  }
  return answered ? settings_.lease.heartbeat
                  : std::min(settings_.retry, settings_.lease.heartbeat);
}

bool LeaseKeeper::RenewLeases() {
  std::vector<Held> all;
  {
    std::lock_guard lock(mutex_);
    all = held_;
  }
  bool answered = true;
  for (const Held& held : all) answered &= RenewLease(held);
  return answered;
}

bool LeaseKeeper::RenewLease(const Held& held) {
  const LogScope scope(held.log_fields);
  const Clock::MonoTime asked_at = clock_.Monotonic();
  const absl::StatusOr<HeartbeatReply> answer = calls_.renew(held.lease, held.control->progress());
  if (answer.ok()) {
    held.control->ExtendLease(asked_at + settings_.lease.ttl - settings_.margin);
    if (answer->cancel_requested) held.control->RequestStop(StopReason::kCancel);
    return true;
  }
  const bool lost = absl::IsAborted(answer.status());
  {
    // A task that ended while the heartbeat was under way is not a lost lease.
    std::lock_guard lock(mutex_);
    const auto still = Find(held.lease);
    if (still == held_.end()) return true;
    if (!lost && held.control->stop_reason() != StopReason::kLeaseLost) {
      LogWarning("heartbeat without an answer",
                 {{"error", std::string(answer.status().message())}});
      return false;
    }
    held.control->RequestStop(StopReason::kLeaseLost);
    held_.erase(still);
  }
  // The runner knows whether the task had ended just before: a heartbeat waits for the transaction
  // that ends it.
  LogDebug("the lease is not held any more", {{"fence", std::to_string(held.lease.fence)}});
  return true;
}

}  // namespace tuneward
