// Brings generations, which are asked for on many threads, to the one thread that owns the models,
// and decodes those of one base together. It decodes while that thread has no task, and between
// optimiser steps or audit batches for at most a share of the time (contracts.md A16). Each
// generation has its own adapter, stops and random stream: neither the task nor another generation
// changes with it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/base/clock.h"
#include "worker/serving/decode_ticket.h"

namespace tuneward {

struct DecodeLimits {
  double busy_share = 0.2;  // of the time while a task runs
  size_t waiting = 64;      // not begun
  // Decoded together. On a CPU a step of more rows takes longer in proportion, so that more would
  // slow every chat down and answer none sooner.
  size_t together = 32;
};

class DecodeQueue {
 public:
  // `on_step` is told how many rows each step had; on the models' thread, as `open` is called.
  DecodeQueue(const Clock& clock, OpenDecodeBatch open, const DecodeLimits& limits = {},
              std::function<void(size_t)> on_step = nullptr);

  // Any thread. RESOURCE_EXHAUSTED OVERLOADED when too many wait, UNAVAILABLE DRAINING after Close.
  absl::StatusOr<std::shared_ptr<DecodeTicket>> Submit(DecodeRequest request);

  // The models' thread, in the middle of a task: as many tokens as the task's time since the last
  // call has earned.
  void RunBetweenSteps();
  // The models' thread without a task, for `wait` or until Wake: decodes, or waits for something to
  // decode.
  void RunIdle(std::chrono::milliseconds wait);
  // The models' thread, after Close: what runs goes on to its end, for at most `grace`; what is not
  // done by then fails with UNAVAILABLE.
  void FinishRunning(std::chrono::milliseconds grace);

  void Wake();
  // What waits fails with UNAVAILABLE; so does what comes later.
  void Close();

 private:
  using TicketPtr = std::shared_ptr<DecodeTicket>;  // shared with its caller
  bool Step();
  bool AwaitWork(Clock::MonoTime until);
  std::vector<TicketPtr> TakeJoining();
  void PutBack(const std::vector<TicketPtr>& tickets, size_t from);
  bool Open(const TicketPtr& first);
  bool Join(const TicketPtr& ticket);
  void EndBatch(const absl::Status& why);

  const Clock& clock_;
  const OpenDecodeBatch open_;
  const DecodeLimits limits_;
  const std::function<void(size_t)> on_step_;

  // The models' thread only.
  std::unique_ptr<DecodeBatch> batch_;  // null: nothing runs
  std::string base_;                    // its tree
  std::vector<TicketPtr> running_;      // its rows
  Clock::MonoTime task_since_{};        // the task has had the thread since then
  Clock::MonoTime::duration credit_{};  // time that decoding may take; negative: it owes

  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<TicketPtr> tickets_;
  bool wake_ = false, closed_ = false;
};

}  // namespace tuneward
