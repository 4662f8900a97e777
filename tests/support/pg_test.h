// Base of tests that need PostgreSQL: the binary's cluster, a fresh migrated database for each test
// and a pool on it. Skips with the reason where PostgreSQL is missing; fails instead when
// TUNEWARD_REQUIRE holds "pg".
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "core/store/pg/pool.h"
#include "tests/support/private_postgres.h"

namespace tuneward {

class PgTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;                 // drops the database
  std::string Sql(const std::string& sql);  // in this test's database; fails the test on an error
  std::unique_ptr<PgPool> OpenPool(int connections = 8);

  PrivatePostgres* cluster_ = nullptr;
  std::string database_, dsn_;
  std::unique_ptr<PgPool> pool_;
  std::atomic<bool> lose_commit_reply_ = false;  // of the pool's next commit; it resets itself
};

}  // namespace tuneward
