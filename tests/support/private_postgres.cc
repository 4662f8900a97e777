#include "tests/support/private_postgres.h"

#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "tests/support/child_process.h"

namespace tuneward {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStartLimit{30};

absl::StatusOr<std::string> FindPrograms() {
  std::error_code error;
  if (const char* given = std::getenv("TUNEWARD_PG_BIN")) {
    if (fs::exists(fs::path(given) / "initdb", error)) return std::string(given);
  }
  std::string newest;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", error)) {
    const fs::path bin = version.path() / "bin";
    if (fs::exists(bin / "initdb", error) && bin.string() > newest) newest = bin.string();
  }
  if (!newest.empty()) return newest;
  return absl::NotFoundError(
      "PostgreSQL's initdb is not below /usr/lib/postgresql; install postgresql or set "
      "TUNEWARD_PG_BIN");
}

// In memory where there is room: making and removing databases is most of what tests do. Short,
// because a socket's path has at most 107 bytes.
std::string TemporaryRoot() {
  constexpr uintmax_t kRoom = uintmax_t{1} << 30;
  std::error_code error;
  const fs::space_info memory = fs::space("/dev/shm", error);
  return !error && memory.available > kRoom ? "/dev/shm" : "/tmp";
}

// One that was free a moment ago: PostgreSQL takes no port 0.
absl::StatusOr<int> FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoStatus(errno, "socket");
  struct sockaddr_in address {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<struct sockaddr*>(&address);
  const bool bound = bind(fd, plain, size) == 0 && getsockname(fd, plain, &size) == 0;
  const int error = errno;
  close(fd);
  if (!bound) return ErrnoStatus(error, "a free port");
  return ntohs(address.sin_port);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PrivatePostgres>> PrivatePostgres::Start(
    const PostgresOptions& options) {
  std::unique_ptr<PrivatePostgres> pg(new PrivatePostgres(options));
  TW_ASSIGN_OR_RETURN(pg->bin_, FindPrograms());
  if (options.tcp) {
    TW_ASSIGN_OR_RETURN(pg->port_, FreePort());
  }
  if (geteuid() == 0) {
    const struct passwd* user = getpwnam("postgres");
    if (user == nullptr)
      return absl::NotFoundError("PostgreSQL refuses root, and there is no user postgres");
    pg->uid_ = user->pw_uid;
    pg->gid_ = user->pw_gid;
  }
  std::string folder = TemporaryRoot() + "/tw-pg-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return ErrnoStatus(errno, folder);
  pg->folder_ = folder;
  if (pg->uid_ != 0 && chown(folder.c_str(), pg->uid_, pg->gid_) != 0)
    return ErrnoStatus(errno, folder);
  chmod(folder.c_str(), 0755);
  const ChildOptions as_user{pg->uid_, pg->gid_, pg->folder_ + "/initdb.log", SIGKILL};
  TW_RETURN_IF_ERROR(
      RunChild({pg->bin_ + "/initdb", "-D", pg->folder_ + "/data", "-U", "tuneward", "-A", "trust",
                "--no-sync", "--no-instructions", "-E", "UTF8", "--locale=C"},
               as_user));
  TW_RETURN_IF_ERROR(pg->Launch());
  return pg;
}

PrivatePostgres::~PrivatePostgres() {
  if (pid_ > 0) {
    kill(pid_, SIGQUIT);  // at once; the data is thrown away
    waitpid(pid_, nullptr, 0);
  }
  std::error_code error;
  if (!folder_.empty()) fs::remove_all(folder_, error);
}

absl::Status PrivatePostgres::Launch() {
  const ChildOptions as_user{uid_, gid_, folder_ + "/postgres.log", SIGQUIT};
  std::vector<std::string> argv = {bin_ + "/postgres", "-D", folder_ + "/data", "-k", folder_};
  const auto set = [&argv](const std::string& setting) {
    argv.insert(argv.end(), {"-c", setting});
  };
  set(options_.tcp ? "listen_addresses=127.0.0.1" : "listen_addresses=");
  set(absl::StrCat("port=", port_));
  if (!options_.durable) {
    for (const char* fast : {"fsync=off", "synchronous_commit=off", "full_page_writes=off"})
      set(fast);
  }
  for (const char* small : {"shared_buffers=32MB", "dynamic_shared_memory_type=mmap",
                            "max_connections=80", "log_min_messages=warning"}) {
    set(small);
  }
  TW_ASSIGN_OR_RETURN(pid_, StartChild(argv, as_user));
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  for (;;) {
    if (Exec("postgres", "select 1").ok()) return absl::OkStatus();
    const bool ended = waitpid(pid_, nullptr, WNOHANG) == pid_;
    if (ended) pid_ = -1;
    if (ended || std::chrono::steady_clock::now() > deadline) {
      return absl::InternalError(absl::StrCat(
          "PostgreSQL did not start:\n", ReadFile(folder_ + "/postgres.log").value_or("no log")));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::string PrivatePostgres::Dsn(const std::string& database, const std::string& user) const {
  return absl::StrCat("host=", folder_, " port=", port_, " user=", user, " dbname=", database);
}

absl::StatusOr<std::string> PrivatePostgres::NewDatabase(const std::string& source) {
  last_database_ = absl::StrCat("t", ++databases_);
  TW_RETURN_IF_ERROR(
      Exec("postgres", absl::StrCat("create database ", last_database_, " template ", source))
          .status());
  return Dsn(last_database_);
}

absl::StatusOr<std::string> PrivatePostgres::Exec(const std::string& database,
                                                  const std::string& sql) {
  const std::string output = folder_ + "/psql.out";
  unlink(output.c_str());
  ChildOptions options;
  options.output_file = output;
  TW_RETURN_IF_ERROR(RunChild(
      {bin_ + "/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, Dsn(database)},
      options));
  TW_ASSIGN_OR_RETURN(std::string text, ReadFile(output));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

absl::StatusOr<std::string> PrivatePostgres::DumpSchema(const std::string& database) {
  const std::string output = folder_ + "/dump.sql";
  unlink(output.c_str());
  ChildOptions options;
  options.output_file = output;
  TW_RETURN_IF_ERROR(
      RunChild({bin_ + "/pg_dump", "--schema-only", "--no-owner", "-d", Dsn(database)}, options));
  return ReadFile(output);
}

absl::Status PrivatePostgres::Crash() {
  if (kill(pid_, SIGKILL) != 0) return ErrnoStatus(errno, "kill");
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
  return absl::OkStatus();
}

absl::Status PrivatePostgres::Restart() {
  // A new postmaster refuses the shared memory that a child of the old one still uses.
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  for (;;) {
    absl::Status status = Launch();
    if (status.ok() || pid_ > 0 || std::chrono::steady_clock::now() > deadline) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace tuneward
