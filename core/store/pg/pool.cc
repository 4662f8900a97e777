#include "core/store/pg/pool.h"

#include "absl/strings/str_cat.h"
#include "core/store/pg/pool_impl.h"
#include "core/store/pg/sql_status.h"
#include "core/store/pg/statements.h"
#include "core/store/pg/transaction.h"

namespace tuneward {
namespace {

// A server that hangs must not hold a pool's connections for ever. A process that is frozen in a
// transaction must not hold its task either: the sweep passes locked rows over, so the lock has to
// go before a lease of 20 s does.
constexpr char kSessionSettings[] =
    "set statement_timeout = '30s'; set idle_in_transaction_session_timeout = '15s'; "
    "set timezone = 'UTC'; set client_encoding = 'UTF8'";

absl::StatusOr<std::unique_ptr<pqxx::connection>> Connect(const PgOptions& options) {
  try {
    auto connection = std::make_unique<pqxx::connection>(options.dsn);
    connection->set_verbosity(pqxx::connection_base::terse);
    {
      pqxx::nontransaction tx(*connection);
      tx.exec(kSessionSettings);
      tx.exec(absl::StrCat("set application_name = ", tx.quote(options.application)));
    }
    for (const auto& [name, sql] : AllStatements())
      connection->prepare(name, sql);  // sent when first used
    return connection;
  } catch (...) {
    return CurrentExceptionToStatus();
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<PgLease>> PgLease::Take(PgPool::Impl& pool) {
  const auto start = std::chrono::steady_clock::now();
  const auto tell_wait = [&] {
    if (!pool.options.on_wait) return;
    pool.options.on_wait(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  };
  std::unique_ptr<PgLease> lease;
  {
    std::unique_lock lock(pool.mutex);
    const bool free = pool.returned.wait_for(
        lock, pool.options.max_wait, [&] { return pool.in_use < pool.options.connections; });
    if (!free) {
      tell_wait();
      return StoreUnavailable(absl::StrCat("all ", pool.options.connections,
                                           " connections have been busy for ",
                                           pool.options.max_wait.count(), " ms"));
    }
    ++pool.in_use;
    lease.reset(new PgLease(pool));
    if (!pool.idle.empty()) {
      lease->connection_ = std::move(pool.idle.back());
      pool.idle.pop_back();
    }
  }
  if (!lease->connection_) {
    TW_ASSIGN_OR_RETURN(lease->connection_, Connect(pool.options));
    lease->fresh_ = true;
  }
  tell_wait();
  return lease;
}

PgLease::~PgLease() {
  const bool usable = connection_ && connection_->is_open();
  std::unique_ptr<pqxx::connection> broken;
  {
    std::lock_guard lock(pool_.mutex);
    --pool_.in_use;
    if (usable)
      pool_.idle.push_back(std::move(connection_));
    else
      broken = std::move(connection_);
  }
  pool_.returned.notify_one();
}

PgPool::PgPool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PgPool::~PgPool() = default;

absl::StatusOr<std::unique_ptr<PgPool>> PgPool::Open(PgOptions options) {
  if (options.connections < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a pool needs at least 1 connection, got ", options.connections));
  }
  std::unique_ptr<PgPool> pool(new PgPool(std::make_unique<Impl>(std::move(options))));
  TW_RETURN_IF_ERROR(pool->Ping());
  return pool;
}

absl::Status PgPool::Ping() {
  return RunTransaction(*this, [](pqxx::work& tx) {
    tx.exec("select 1");
    return absl::OkStatus();
  });
}

int PgPool::idle() const {
  std::lock_guard lock(impl_->mutex);
  return static_cast<int>(impl_->idle.size());
}

}  // namespace tuneward
