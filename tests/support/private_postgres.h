// A PostgreSQL cluster of the test's own: a temporary folder, a unix socket in it and, only where
// asked, a port on loopback; run as user "postgres" when the test is root (PostgreSQL refuses
// root). It dies with the process. One cluster a test binary, a fresh database a test; tests that
// crash it have one of their own.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"

namespace tuneward {

struct PostgresOptions {
  // What was committed survives a crash, as in a real installation. Without it commits are fast and
  // may be lost.
  bool durable = false;
  bool tcp = false;  // also listen on a free port of 127.0.0.1
};

class PrivatePostgres {
 public:
  // NOT_FOUND when PostgreSQL's programs are not on this machine (TUNEWARD_PG_BIN or
  // /usr/lib/postgresql/*/bin).
  static absl::StatusOr<std::unique_ptr<PrivatePostgres>> Start(
      const PostgresOptions& options = {});
  ~PrivatePostgres();
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;

  // The connection string of a new database: empty, or a copy of `source`, to which nobody may be
  // connected.
  absl::StatusOr<std::string> NewDatabase(const std::string& source = "template1");
  // The name of the last NewDatabase.
  const std::string& last_database() const { return last_database_; }
  // Through the socket; `user` must exist.
  std::string Dsn(const std::string& database, const std::string& user = "tuneward") const;
  int tcp_port() const { return port_; }
  pid_t postmaster() const { return pid_; }

  // Runs SQL with psql; the output, unaligned, without headers.
  absl::StatusOr<std::string> Exec(const std::string& database, const std::string& sql);

  // pg_dump's picture of a database without data.
  absl::StatusOr<std::string> DumpSchema(const std::string& database);

  // kill -9 of the postmaster, whose children end when they notice.
  absl::Status Crash();
  // A start on the same folder, with crash recovery, once the last of those children has ended.
  absl::Status Restart();

 private:
  explicit PrivatePostgres(const PostgresOptions& options) : options_(options) {}
  absl::Status Launch();
  const PostgresOptions options_;
  std::string bin_, folder_, last_database_;
  int port_ = 5432;  // without tcp only the name of the socket
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  pid_t pid_ = -1;
  int databases_ = 0;
};

}  // namespace tuneward
