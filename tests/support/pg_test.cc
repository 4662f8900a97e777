#include "tests/support/pg_test.h"

#include <cstdlib>
#include <string_view>

#include "core/store/pg/migrator.h"
#include "migrations/migrations.h"

#ifdef __SANITIZE_ADDRESS__
// libpqxx 6.4.5 forgets one result, about 2 KB, of each connection that breaks in a statement.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx"; }
#endif

namespace tuneward {
namespace {

struct Cluster {
  absl::Status status = absl::OkStatus();
  std::unique_ptr<PrivatePostgres> postgres;
  std::string migrated;  // a database that tests' databases are copies of
};

absl::Status MakeMigrated(Cluster& cluster) {
  TW_ASSIGN_OR_RETURN(cluster.postgres, PrivatePostgres::Start());
  PgOptions options;
  TW_ASSIGN_OR_RETURN(options.dsn, cluster.postgres->NewDatabase());
  TW_ASSIGN_OR_RETURN(const auto pool, PgPool::Open(options));
  cluster.migrated = cluster.postgres->last_database();
  return Migrate(*pool, Migrations()).status();
}

// The one of this binary; ended when the process exits.
Cluster& SharedCluster() {
  static Cluster cluster = [] {
    Cluster c;
    c.status = MakeMigrated(c);
    return c;
  }();
  return cluster;
}

bool IsRequired() {
  const char* required = std::getenv("TUNEWARD_REQUIRE");
  return required != nullptr && std::string_view(required).find("pg") != std::string_view::npos;
}

}  // namespace

void PgTest::SetUp() {
  Cluster& cluster = SharedCluster();
  if (absl::IsNotFound(cluster.status) && !IsRequired()) GTEST_SKIP() << cluster.status.message();
  ASSERT_TRUE(cluster.status.ok()) << cluster.status;
  cluster_ = cluster.postgres.get();
  const auto dsn = cluster_->NewDatabase(cluster.migrated);
  ASSERT_TRUE(dsn.ok()) << dsn.status();
  dsn_ = *dsn;
  database_ = cluster_->last_database();
  pool_ = OpenPool();
  ASSERT_NE(pool_, nullptr);
}

void PgTest::TearDown() {
  pool_.reset();
  if (database_.empty()) return;
  // Whether it worked matters only for the room that it takes.
  if (!cluster_->Exec("postgres", "drop database " + database_ + " with (force)").ok())
    database_.clear();
}

std::unique_ptr<PgPool> PgTest::OpenPool(int connections) {
  PgOptions options;
  options.dsn = dsn_;
  options.connections = connections;
  options.lose_commit_reply = [this] { return lose_commit_reply_.exchange(false); };
  auto pool = PgPool::Open(options);
  EXPECT_TRUE(pool.ok()) << pool.status();
  return pool.ok() ? *std::move(pool) : nullptr;
}

std::string PgTest::Sql(const std::string& sql) {
  const auto output = cluster_->Exec(database_, sql);
  EXPECT_TRUE(output.ok()) << output.status();
  return output.value_or("");
}

}  // namespace tuneward
