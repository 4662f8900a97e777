#include "worker/serving/decode_queue.h"

namespace tuneward {
namespace {

absl::Status Draining() {
  return MakeError(absl::StatusCode::kUnavailable, "the worker is about to stop",
                   ErrorInfo{"DRAINING", {}, {}, 1000});
}

}  // namespace

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

void DecodeTicket::Finish(absl::StatusOr<Generation> result) {
  std::lock_guard lock(mutex_);
  finished_ = true;
  status_ = result.status();
  stopped_ = result.ok() && result->stopped;
  changed_.notify_all();
}

DecodeQueue::DecodeQueue(const Clock& clock, Decode decode, double busy_share, size_t max_waiting)
    : clock_(clock),
      decode_(std::move(decode)),
      busy_share_(busy_share),
      max_waiting_(max_waiting) {
  TW_CHECK(busy_share > 0 && busy_share < 1);
}

absl::StatusOr<std::shared_ptr<DecodeTicket>> DecodeQueue::Submit(DecodeRequest request) {
  auto ticket = std::make_shared<DecodeTicket>(std::move(request));
  std::lock_guard lock(mutex_);
  if (closed_) return Draining();
  if (tickets_.size() >= max_waiting_) {
    return MakeError(
        absl::StatusCode::kResourceExhausted,
        "the worker has " + std::to_string(tickets_.size()) + " generations waiting, its limit",
        ErrorInfo{"OVERLOADED", {}, {}, 1000});
  }
  tickets_.push_back(ticket);
  work_.notify_all();
  return ticket;
}

bool DecodeQueue::RunOne() {
  std::shared_ptr<DecodeTicket> ticket;
  {
    std::lock_guard lock(mutex_);
    if (tickets_.empty()) return false;
    ticket = tickets_.front();
    tickets_.pop_front();
  }
  if (ticket->cancelled()) {
    ticket->Finish(absl::CancelledError("cancelled by the caller"));
    return true;
  }
  ticket->Finish(decode_(ticket->request_, [&](TokenId token) { return ticket->AddToken(token); }));
  return true;
}

void DecodeQueue::RunBetweenSteps() {
  const Clock::MonoTime start = clock_.Monotonic();
  if (start < busy_not_before_ || !RunOne()) return;
  const Clock::MonoTime end = clock_.Monotonic();
  // A decode of d seconds earns the task d (1 - share) / share seconds of its own.
  const std::chrono::duration<double> owed = (end - start) * ((1 - busy_share_) / busy_share_);
  busy_not_before_ = end + std::chrono::duration_cast<Clock::MonoTime::duration>(owed);
}

void DecodeQueue::RunIdle(std::chrono::milliseconds wait) {
  while (RunOne()) {
  }
  {
    std::unique_lock lock(mutex_);
    work_.wait_for(lock, wait, [&] { return !tickets_.empty() || wake_ || closed_; });
    wake_ = false;
  }
  while (RunOne()) {
  }
}

void DecodeQueue::Wake() {
  std::lock_guard lock(mutex_);
  wake_ = true;
  work_.notify_all();
}

void DecodeQueue::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  for (const std::shared_ptr<DecodeTicket>& ticket : tickets_) ticket->Finish(Draining());
  tickets_.clear();
  work_.notify_all();
}

}  // namespace tuneward
