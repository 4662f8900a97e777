#include "core/store/pg/transaction.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/base/ids.h"
#include "core/store/pg/pool_impl.h"
#include "core/store/pg/sql_status.h"

namespace tuneward {
namespace {

constexpr int kMaxAttempts = 4;
constexpr char kInDoubtUrl[] = "tuneward/commit-in-doubt";

absl::Status InDoubt() {
  absl::Status status =
      StoreUnavailable("the reply to a commit was lost; the change may or may not have been made");
  status.SetPayload(kInDoubtUrl, absl::Cord("1"));
  return status;
}

struct Attempt {
  absl::Status status;
  bool again = false;  // nothing was committed, and another try may go better
};

Attempt RunOnce(PgPool::Impl& pool, const std::function<absl::Status(pqxx::work&)>& body) {
  auto lease = PgLease::Take(pool);
  if (!lease.ok()) return {lease.status(), false};
  pqxx::connection& connection = (*lease)->connection();
  try {
    pqxx::work tx(connection);
    if (absl::Status status = body(tx); !status.ok()) {
      tx.abort();
      return {status, false};
    }
    tx.commit();
  } catch (const pqxx::in_doubt_error&) {
    return {InDoubt(), false};
  } catch (...) {
    absl::Status status = CurrentExceptionToStatus();
    // A connection that idled in the pool while the server restarted: a new one may work.
    const bool was_stale = !connection.is_open() && !(*lease)->fresh();
    if (!connection.is_open() && !absl::IsUnavailable(status))
      status = StoreUnavailable(std::string(status.message()));
    return {status, was_stale || absl::IsAborted(status)};
  }
  if (pool.options.lose_commit_reply && pool.options.lose_commit_reply()) return {InDoubt(), false};
  return {absl::OkStatus(), false};
}

// Two transactions that met in a deadlock, run again at once, meet again: each waits for a random
// while, up to 2 ms the first time and twice as long each time after.
void WaitApart(int attempt) {
  uint16_t random = 0;
  SystemEntropy().Fill(reinterpret_cast<uint8_t*>(&random), sizeof random);
  const int64_t limit_us = int64_t{1000} << std::min(attempt, 6);
  std::this_thread::sleep_for(std::chrono::microseconds(random % limit_us));
}

}  // namespace

bool IsCommitInDoubt(const absl::Status& status) {
  return status.GetPayload(kInDoubtUrl).has_value();
}

absl::Status RunTransaction(PgPool& pool, const std::function<absl::Status(pqxx::work&)>& body) {
  // Each stale connection of the pool can fail once before a fresh one is made.
  const int attempts = kMaxAttempts + pool.impl().options.connections;
  for (int i = 1;; ++i) {
    Attempt attempt = RunOnce(pool.impl(), body);
    if (!attempt.again || i == attempts) return attempt.status;
    if (absl::IsAborted(attempt.status)) WaitApart(i);
  }
}

}  // namespace tuneward
