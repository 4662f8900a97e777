// A fixed set of PostgreSQL connections, opened when first needed and replaced when broken. Stores
// borrow one for the length of one transaction; the database's library is seen in this folder's .cc
// files only. Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/base/status.h"

namespace tuneward {

struct PgOptions {
  std::string dsn;  // libpq's: "host=/run/x dbname=tuneward user=tuneward"; never logged
  int connections = 8;
  std::chrono::milliseconds max_wait{
      5000};  // for a free connection; then UNAVAILABLE STORE_UNAVAILABLE
  std::string application = "tuneward";
  std::function<void(double seconds)> on_wait;  // each borrow's wait, also one in vain, for
                                                // tuneward_db_pool_wait_seconds; may be null
  std::function<bool()>
      lose_commit_reply;  // tests: true makes a commit that succeeded look like a lost reply
};

class PgPool {
 public:
  // Connects once to tell a wrong DSN at start. UNAVAILABLE STORE_UNAVAILABLE when PostgreSQL is
  // not there.
  static absl::StatusOr<std::unique_ptr<PgPool>> Open(PgOptions options);
  ~PgPool();
  PgPool(const PgPool&) = delete;
  PgPool& operator=(const PgPool&) = delete;

  // A round trip: readiness.
  absl::Status Ping();
  int idle() const;

  struct Impl;
  Impl& impl() { return *impl_; }  // for core/store/pg only

 private:
  explicit PgPool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tuneward
