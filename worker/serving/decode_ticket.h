// One generation as its caller sees it: the caller polls Next on its own thread, the models' thread
// fills it (decode_queue.h). Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "worker/serving/decode_batch.h"

namespace tuneward {

class DecodeTicket {
 public:
  explicit DecodeTicket(DecodeRequest request) : request_(std::move(request)) {}

  struct Piece {
    std::vector<TokenId> tokens;  // since the last call
    bool finished = false;        // nothing follows
    bool stopped = false;         // by a stop token
  };
  // Waits at most `wait` for tokens or the end (an empty piece then). The generation's error once
  // all tokens were taken.
  absl::StatusOr<Piece> Next(std::chrono::milliseconds wait);
  // The caller is gone: the generation ends at its next token, or is never begun.
  void Cancel();

 private:
  friend class DecodeQueue;
  bool AddToken(TokenId token);  // false: cancelled
  void Finish(const absl::Status& status, bool stopped = false);
  bool cancelled() const;

  const DecodeRequest request_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<TokenId> tokens_;
  bool cancelled_ = false, finished_ = false, stopped_ = false;
  absl::Status status_;
};

}  // namespace tuneward
