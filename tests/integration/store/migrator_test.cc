#include "core/store/pg/migrator.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "core/base/api_key.h"
#include "core/base/file.h"
#include "core/store/pg/project_store.h"
#include "migrations/migrations.h"
#include "tests/support/child_process.h"
#include "tests/support/pg_test.h"

namespace tuneward {
namespace {

// On an empty database of its own.
class MigratorTest : public PgTest {
 protected:
  void SetUp() override {
    PgTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    dsn_ = *cluster_->NewDatabase();
    database_ = cluster_->last_database();
    pool_ = OpenPool();
  }
  static std::vector<Migration> Two() {
    return *MakeMigrations(
        {{"0001_a.sql", "create table a (x int);"}, {"0002_b.sql", "create table b (x int);"}});
  }
  static std::vector<Migration> One() { return {Two()[0]}; }
};

TEST_F(MigratorTest, AppliesEachFileOnce) {
  EXPECT_EQ(*Migrate(*pool_, One()), 1);
  EXPECT_EQ(*Migrate(*pool_, Two()), 1);
  EXPECT_EQ(*Migrate(*pool_, Two()), 0);
  EXPECT_EQ(
      Sql("select string_agg(version || ' ' || name, ',' order by version) from schema_migrations"),
      "1 0001_a.sql,2 0002_b.sql");
}

TEST_F(MigratorTest, ThisBuildsMigrationsApplyAndSuitIt) {
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckSchema(*pool_, Migrations()))) << "empty";
  EXPECT_EQ(*Migrate(*pool_, Migrations()), static_cast<int>(Migrations().size()));
  EXPECT_TRUE(CheckSchema(*pool_, Migrations()).ok());
}

TEST_F(MigratorTest, RefusesAFileThatWasChanged) {
  ASSERT_TRUE(Migrate(*pool_, One()).ok());
  std::vector<Migration> changed = Two();
  changed[0].sql += " ";
  EXPECT_TRUE(absl::IsFailedPrecondition(Migrate(*pool_, changed).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckSchema(*pool_, {changed[0]})));
  EXPECT_EQ(Sql("select count(*) from schema_migrations"), "1") << "nothing after it is applied";
}

TEST_F(MigratorTest, AFileThatFailsLeavesNothing) {
  std::vector<Migration> broken = Two();
  broken[1].sql = "create table c (x int); select no_such_function();";
  EXPECT_FALSE(Migrate(*pool_, broken).ok());
  EXPECT_EQ(Sql("select to_regclass('a') is not null, to_regclass('c') is null"), "t|t");
  EXPECT_EQ(*Migrate(*pool_, Two()), 1);
}

TEST_F(MigratorTest, CheckSchemaRefusesAnOlderSchema) {
  ASSERT_TRUE(Migrate(*pool_, One()).ok());
  const absl::Status status = CheckSchema(*pool_, Two());
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_NE(std::string(status.message()).find("tuneward-migrate"), std::string::npos);
}

TEST_F(MigratorTest, CheckSchemaTakesANewerSchemaUnlessItBreaksThisBuild) {
  ASSERT_TRUE(Migrate(*pool_, Two()).ok());
  EXPECT_TRUE(CheckSchema(*pool_, One()).ok()) << "0002 says nothing of breaking";
  std::vector<Migration> three = Two();
  three.push_back({3, "0003_c.sql", "-- min_binary: 2\ncreate table c (x int);"});
  ASSERT_TRUE(Migrate(*pool_, three).ok());
  EXPECT_TRUE(CheckSchema(*pool_, Two()).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(CheckSchema(*pool_, One())));
}

TEST_F(MigratorTest, TwoRunnersTakeTurns) {
  std::vector<std::thread> threads;
  std::atomic<int> applied{0};
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] { applied += Migrate(*pool_, Two()).value_or(-100); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(applied, 2);
}

TEST_F(MigratorTest, NamesMustCountFromOne) {
  EXPECT_FALSE(MakeMigrations({{"0002_b.sql", ""}}).ok());
  EXPECT_FALSE(MakeMigrations({{"0001_a.sql", ""}, {"0003_b.sql", ""}}).ok());
  EXPECT_FALSE(MakeMigrations({{"1_a.sql", ""}}).ok());
  EXPECT_TRUE(MakeMigrations({}).ok());
}

// The program itself: migrates, writes the first operator key once with mode 0600, and is done when
// run again (A21).
TEST_F(MigratorTest, ProgramMigratesAndWritesTheFirstOperatorKeyOnce) {
  std::string folder = testing::TempDir() + "/migrate-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  ASSERT_TRUE(WriteFileAtomic(folder + "/dsn", dsn_ + "\n", 0600).ok());
  const std::string key_file = folder + "/key";
  ChildOptions options;
  options.output_file = folder + "/log";
  const std::vector<std::string> command = {
      std::string(TUNEWARD_BINARY_DIR) + "/bin/tuneward-migrate", "--dsn_file=" + folder + "/dsn",
      "--bootstrap_key_file=" + key_file};
  ASSERT_TRUE(RunChild(command, options).ok()) << *ReadFile(options.output_file);
  const std::string key = ReadFile(key_file)->substr(0, ReadFile(key_file)->size() - 1);
  EXPECT_EQ(*ParseApiKey(key), ApiKeyKind::kOperator);
  struct stat info {};
  ASSERT_EQ(stat(key_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const auto found = ProjectStore(*pool_).FindKey(ApiKeyHash(key));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->project_id, "");
  ASSERT_TRUE(RunChild(command, options).ok());
  EXPECT_EQ(*ReadFile(key_file), key + "\n");
  EXPECT_EQ(Sql("select count(*) from api_keys"), "1");
  EXPECT_EQ(ReadFile(options.output_file)->find(key), std::string::npos) << "never in the output";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tuneward
