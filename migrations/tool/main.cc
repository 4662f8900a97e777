// tuneward-migrate: brings the database to this build's schema and, when asked, writes the first
// operator key (contracts.md A21).
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/api_key.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/ids.h"
#include "core/base/program_help.h"
#include "core/store/pg/project_store.h"
#include "migrations/migrations.h"

ABSL_FLAG(std::string, dsn_file, "", "file with the database's connection string (libpq form)");
ABSL_FLAG(
    std::string, bootstrap_key_file, "",
    "where to write the first operator key, with mode 0600, when there is no operator key yet");

namespace tuneward {
namespace {

// The file comes first: a key whose row exists and whose secret was never written would lock
// everybody out.
absl::Status Bootstrap(PgPool& pool, const std::string& path) {
  SystemClock clock;
  SystemEntropy entropy;
  IdGenerator ids(clock, entropy);
  const std::string secret = MakeApiKey(ApiKeyKind::kOperator, entropy);
  const std::string fresh = path + ".new";
  TW_RETURN_IF_ERROR(WriteFileAtomic(fresh, secret + "\n", 0600));
  ApiKeyRecord key;
  key.id = ids.Make(kKeyPrefix);
  key.secret_sha256 = ApiKeyHash(secret);
  const absl::StatusOr<bool> stored = ProjectStore(pool).BootstrapOperatorKey(key);
  if (!stored.ok() || !*stored) {
    std::remove(fresh.c_str());
    if (stored.ok())
      std::printf("an operator key exists already: %s was not written\n", path.c_str());
    return stored.status();
  }
  if (std::rename(fresh.c_str(), path.c_str()) != 0)
    return ErrnoStatus(errno, path + " (the key is in " + fresh + ")");
  std::printf("the first operator key %s is in %s\n", key.id.c_str(), path.c_str());
  return absl::OkStatus();
}

absl::Status Run() {
  const std::string dsn_file = absl::GetFlag(FLAGS_dsn_file);
  if (dsn_file.empty())
    return absl::InvalidArgumentError("--dsn_file must name the file with the connection string");
  TW_ASSIGN_OR_RETURN(const std::string dsn, ReadFile(dsn_file));
  PgOptions options;
  options.dsn = std::string(absl::StripAsciiWhitespace(dsn));
  options.connections = 1;
  options.application = "tuneward-migrate";
  TW_ASSIGN_OR_RETURN(const auto pool, PgPool::Open(options));
  const std::vector<Migration> migrations = Migrations();
  TW_ASSIGN_OR_RETURN(const int applied, Migrate(*pool, migrations));
  std::printf("schema version %zu, %d applied now\n", migrations.size(), applied);
  const std::string key_file = absl::GetFlag(FLAGS_bootstrap_key_file);
  return key_file.empty() ? absl::OkStatus() : Bootstrap(*pool, key_file);
}

}  // namespace
}  // namespace tuneward

int main(int argc, char** argv) {
  tuneward::SetProgramHelp("tuneward-migrate", TUNEWARD_VERSION,
                           "brings the database to this version's schema: tuneward-migrate "
                           "--dsn_file F [--bootstrap_key_file F]");
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = tuneward::Run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "tuneward-migrate: %s\n", std::string(status.message()).c_str());
  return 1;
}
