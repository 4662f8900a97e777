// Brings generations, which are asked for on many threads, to the one thread that owns the models.
// It decodes when that thread is idle, and between optimiser steps or audit batches for at most a
// share of the time (contracts.md A16); each generation has its own random stream, so the task that
// runs gives the same results with and without it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/status.h"
#include "worker/engine/engine.h"

namespace tuneward {

struct DecodeRequest {
  std::string base_tree;     // hex
  std::string adapter_tree;  // hex; empty: the bare base
  std::vector<TokenId> prompt;
  TokenId stop = 0;
  SamplingOptions sampling;
};

// One generation as its caller sees it. Thread-safe; the caller polls Next, the models' thread
// fills it.
class DecodeTicket {
 public:
  explicit DecodeTicket(DecodeRequest request) : request_(std::move(request)) {}

  struct Piece {
    std::vector<TokenId> tokens;  // since the last call
    bool finished = false;        // nothing follows
    bool stopped = false;         // by the stop token
  };
  // Waits at most `wait` for tokens or the end (an empty piece then). The generation's error once
  // all tokens were taken.
  absl::StatusOr<Piece> Next(std::chrono::milliseconds wait);
  // The caller is gone: the generation ends at its next token, or is never begun.
  void Cancel();

 private:
  friend class DecodeQueue;
  bool AddToken(TokenId token);  // false: cancelled
  void Finish(absl::StatusOr<Generation> result);
  bool cancelled() const;

  const DecodeRequest request_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<TokenId> tokens_;
  bool cancelled_ = false, finished_ = false, stopped_ = false;
  absl::Status status_;
};

class DecodeQueue {
 public:
  using OnToken = std::function<bool(TokenId)>;
  using Decode = std::function<absl::StatusOr<Generation>(const DecodeRequest&, const OnToken&)>;
  // `busy_share`: of the time while a task runs. `decode` is called on the models' thread.
  DecodeQueue(const Clock& clock, Decode decode, double busy_share = 0.2, size_t max_waiting = 64);

  // Any thread. RESOURCE_EXHAUSTED OVERLOADED when too many wait, UNAVAILABLE DRAINING after Close.
  absl::StatusOr<std::shared_ptr<DecodeTicket>> Submit(DecodeRequest request);

  // The models' thread, in the middle of a task.
  void RunBetweenSteps();
  // The models' thread without a task: decodes all that waits, then waits at most `wait` for more
  // (or for Wake).
  void RunIdle(std::chrono::milliseconds wait);

  void Wake();
  // What waits fails with UNAVAILABLE; so does what comes later.
  void Close();

 private:
  bool RunOne();

  const Clock& clock_;
  const Decode decode_;
  const double busy_share_;
  const size_t max_waiting_;
  Clock::MonoTime busy_not_before_{};  // the models' thread only
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<std::shared_ptr<DecodeTicket>> tickets_;
  bool wake_ = false, closed_ = false;
};

}  // namespace tuneward
