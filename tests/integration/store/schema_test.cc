// The schema that the migrations make is migrations/schema.sql: what a migration changes is seen in
// review. `make freeze` writes the file anew.
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "tests/support/pg_test.h"

namespace tuneward {
namespace {

const char kPath[] = TUNEWARD_SOURCE_DIR "/migrations/schema.sql";
const char kHeading[] =
    "-- The schema after all migrations, as pg_dump 15 shows it. Made by `make freeze`; not to be "
    "applied.\n";

// The dump without its comments, settings and the random words of newer psql's \restrict.
std::string Normalised(const std::string& dump) {
  std::string out = kHeading;
  bool blank = false;
  for (absl::string_view line : absl::StrSplit(dump, '\n')) {
    if (absl::StartsWith(line, "--") || absl::StartsWith(line, "SET ") ||
        absl::StartsWith(line, "SELECT pg_catalog.") || absl::StartsWith(line, "\\"))
      continue;
    if (line.empty()) {
      blank = true;
      continue;
    }
    absl::StrAppend(&out, blank ? "\n" : "", line, "\n");
    blank = false;
  }
  return out;
}

class SchemaTest : public PgTest {
 protected:
  std::string Dump() {
    const auto dump = cluster_->DumpSchema(database_);
    EXPECT_TRUE(dump.ok()) << dump.status();
    return Normalised(dump.value_or(""));
  }
};

TEST_F(SchemaTest, MigrationsMakeTheCommittedSchema) {
  const std::string made = Dump();
  EXPECT_TRUE(absl::StrContains(made, "CREATE TABLE public.jobs")) << made;
  if (std::getenv("TUNEWARD_FREEZE") != nullptr) {
    ASSERT_TRUE(WriteFileAtomic(kPath, made).ok());
  }
  EXPECT_EQ(ReadFile(kPath).value_or("no file"), made)
      << "migrations/schema.sql is not what the migrations make; if they are right: make freeze";
}

TEST_F(SchemaTest, ADumpShowsAColumnAnIndexAndARight) {
  const std::string before = Dump();
  for (const char* change :
       {"alter table jobs add column extra int", "create index extra on jobs (created_at)",
        "grant select on jobs to public", "alter table jobs enable row level security"}) {
    Sql(change);
    const std::string after = Dump();
    EXPECT_NE(after, before) << change;
    EXPECT_EQ(Dump(), after) << "a dump is the same twice";
  }
}

}  // namespace
}  // namespace tuneward
