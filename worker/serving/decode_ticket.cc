#include "worker/serving/decode_ticket.h"

namespace tuneward {

absl::StatusOr<DecodeTicket::Piece> DecodeTicket::Next(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [&] { return finished_ || !tokens_.empty(); });
  Piece piece;
  piece.tokens.swap(tokens_);
  if (!finished_) return piece;
  if (piece.tokens.empty()) TW_RETURN_IF_ERROR(status_);
  piece.finished = status_.ok();
  piece.stopped = stopped_;
  return piece;
}

void DecodeTicket::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
}

bool DecodeTicket::cancelled() const {
  std::lock_guard lock(mutex_);
  return cancelled_;
}

bool DecodeTicket::AddToken(TokenId token) {
  std::lock_guard lock(mutex_);
  tokens_.push_back(token);
  changed_.notify_all();
  return !cancelled_;
}

void DecodeTicket::Finish(const absl::Status& status, bool stopped) {
  std::lock_guard lock(mutex_);
  finished_ = true;
  status_ = status;
  stopped_ = stopped;
  changed_.notify_all();
}

}  // namespace tuneward
