#include "worker/serving/decode_queue.h"

#include <algorithm>
#include <utility>

namespace tuneward {
namespace {

// What a task's time may add up to for later chats: a chat after a quiet hour waits for no step,
// and a step waits for no longer than this and one step of the decoder.
constexpr std::chrono::seconds kMostCredit(1);

absl::Status Draining() {
  return MakeError(absl::StatusCode::kUnavailable, "the worker is about to stop",
                   ErrorInfo{"DRAINING", {}, {}, 1000});
}

}  // namespace

DecodeQueue::DecodeQueue(const Clock& clock, OpenDecodeBatch open, const DecodeLimits& limits,
                         std::function<void(size_t)> on_step)
    : clock_(clock), open_(std::move(open)), limits_(limits), on_step_(std::move(on_step)) {
  TW_CHECK(limits.busy_share > 0 && limits.busy_share < 1);
  TW_CHECK(limits.together > 0);
}

absl::StatusOr<std::shared_ptr<DecodeTicket>> DecodeQueue::Submit(DecodeRequest request) {
  auto ticket = std::make_shared<DecodeTicket>(std::move(request));
  std::lock_guard lock(mutex_);
  if (closed_) return Draining();
  if (tickets_.size() >= limits_.waiting) {
    return MakeError(
        absl::StatusCode::kResourceExhausted,
        "the worker has " + std::to_string(tickets_.size()) + " generations waiting, its limit",
        ErrorInfo{"OVERLOADED", {}, {}, 1000});
  }
  tickets_.push_back(ticket);
  work_.notify_all();
  return ticket;
}

// Those that may begin now, oldest first: of the base of the oldest one that waits, as far as there
// is place. While that is another base than the one that runs nobody joins, so that it gets its
// turn.
std::vector<DecodeQueue::TicketPtr> DecodeQueue::TakeJoining() {
  std::lock_guard lock(mutex_);
  std::erase_if(tickets_, [](const TicketPtr& ticket) {
    if (!ticket->cancelled()) return false;
    ticket->Finish(absl::CancelledError("cancelled by the caller"));
    return true;
  });
  std::vector<TicketPtr> joining;
  if (tickets_.empty()) return joining;
  const std::string base = tickets_.front()->request_.base_tree;
  if (batch_ != nullptr && base != base_) return joining;
  std::deque<TicketPtr> left;
  for (TicketPtr& ticket : tickets_) {
    const bool joins =
        ticket->request_.base_tree == base && running_.size() + joining.size() < limits_.together;
    (joins ? joining.emplace_back() : left.emplace_back()) = std::move(ticket);
  }
  tickets_ = std::move(left);
  return joining;
}

void DecodeQueue::PutBack(const std::vector<TicketPtr>& tickets, size_t from) {
  std::lock_guard lock(mutex_);
  const auto first = tickets.begin() + static_cast<std::ptrdiff_t>(from);
  tickets_.insert(tickets_.begin(), first, tickets.end());
  if (!closed_) return;
  for (const TicketPtr& ticket : tickets_) ticket->Finish(Draining());
  tickets_.clear();
}

bool DecodeQueue::Open(const TicketPtr& first) {
  absl::StatusOr<std::unique_ptr<DecodeBatch>> opened = open_(first->request_.base_tree);
  if (!opened.ok()) {
    first->Finish(opened.status());
    return false;
  }
  batch_ = *std::move(opened);
  base_ = first->request_.base_tree;
  return true;
}

// False: no room, the ticket waits on.
bool DecodeQueue::Join(const TicketPtr& ticket) {
  const absl::StatusOr<bool> joined = batch_->Add(
      ticket->request_, [ticket](TokenId token) { return ticket->AddToken(token); },
      [this, ticket](const Generation& generation) {
        ticket->Finish(absl::OkStatus(), generation.stopped);
        std::erase(running_, ticket);
      });
  if (!joined.ok()) ticket->Finish(joined.status());
  if (joined.ok() && *joined) running_.push_back(ticket);
  return !joined.ok() || *joined;
}

void DecodeQueue::EndBatch(const absl::Status& why) {
  batch_.reset();
  for (const TicketPtr& ticket : std::exchange(running_, {})) ticket->Finish(why);
}

// Lets those join that may, and decodes a token of each; false when there was nothing to do.
bool DecodeQueue::Step() {
  const std::vector<TicketPtr> joining = TakeJoining();
  for (size_t i = 0; i < joining.size(); ++i) {
    if (batch_ == nullptr && !Open(joining[i])) continue;
    if (Join(joining[i])) continue;
    PutBack(joining, i);
    break;
  }
  if (batch_ == nullptr) return !joining.empty();
  if (batch_->rows() > 0) {
    if (on_step_) on_step_(batch_->rows());
    if (absl::Status status = batch_->Step(); !status.ok()) EndBatch(status);
  }
  if (batch_ != nullptr && batch_->rows() == 0) EndBatch(absl::OkStatus());
  return true;
}

void DecodeQueue::RunBetweenSteps() {
  const double owed = limits_.busy_share / (1 - limits_.busy_share);
  const Clock::MonoTime start = clock_.Monotonic();
  const std::chrono::duration<double> earned = (start - task_since_) * owed;
  credit_ = std::min<Clock::MonoTime::duration>(
      credit_ + std::chrono::duration_cast<Clock::MonoTime::duration>(earned), kMostCredit);
  Clock::MonoTime now = start;
  while (now < start + credit_ && Step()) now = clock_.Monotonic();
  credit_ -= now - start;
  task_since_ = now;
}

// False: nothing to decode came until then, or the thread was woken for something else.
bool DecodeQueue::AwaitWork(Clock::MonoTime until) {
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return !tickets_.empty() || wake_ || closed_; };
  if (batch_ == nullptr && !ready()) work_.wait_for(lock, until - clock_.Monotonic(), ready);
  const bool woken = std::exchange(wake_, false);
  return !woken && !closed_ && (batch_ != nullptr || !tickets_.empty());
}

void DecodeQueue::RunIdle(std::chrono::milliseconds wait) {
  const Clock::MonoTime until = clock_.Monotonic() + wait;
  do {
    if (!AwaitWork(until)) break;
    Step();
  } while (clock_.Monotonic() < until);
  task_since_ = clock_.Monotonic();
}

void DecodeQueue::FinishRunning(std::chrono::milliseconds grace) {
  const Clock::MonoTime until = clock_.Monotonic() + grace;
  while (batch_ != nullptr && clock_.Monotonic() < until) Step();
  EndBatch(Draining());
}

void DecodeQueue::Wake() {
  std::lock_guard lock(mutex_);
  wake_ = true;
  work_.notify_all();
}

void DecodeQueue::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  for (const TicketPtr& ticket : tickets_) ticket->Finish(Draining());
  tickets_.clear();
  work_.notify_all();
}

}  // namespace tuneward
