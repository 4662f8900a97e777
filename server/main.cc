// tuneward-server: the public and admin gRPC ports and /metrics. Flags are the machine's settings
// (net/config.h); what jobs may do is in the database.
#include <cstdio>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/program_help.h"
#include "net/config.h"
#include "net/shutdown.h"
#include "server/app.h"

ABSL_FLAG(std::string, dsn_file, "", "file with PostgreSQL's DSN (0600)");
ABSL_FLAG(std::string, worker_secret_file, "",
          "file with the secret that servers show to workers (0600)");
ABSL_FLAG(std::string, blob_root, "", "folder of the blob store, shared with the workers");
ABSL_FLAG(std::string, listen_host, "127.0.0.1",
          "address of all ports; put a TLS proxy in front before it is not loopback");
ABSL_FLAG(int, port, 7400, "gRPC port for clients; 0: any free one");
ABSL_FLAG(int, admin_port, 7401, "gRPC port for operators; 0: any free one");
ABSL_FLAG(int, metrics_port, 7402, "port of /metrics and /healthz; 0: any free one");
ABSL_FLAG(std::string, port_file, "",
          "when ready, write 'public=', 'admin=' and 'metrics=' lines with host:port to this file");
ABSL_FLAG(int, db_connections, 16, "connections to PostgreSQL");
ABSL_FLAG(int, max_reads, 64, "read calls at once");
ABSL_FLAG(int, max_writes, 32, "write calls at once");
ABSL_FLAG(int, max_uploads, 8, "uploads at once");
ABSL_FLAG(int, max_chats, 16, "chats at once");
ABSL_FLAG(int, max_watches, 64, "watched jobs at once; each holds a thread");
ABSL_FLAG(int, lease_ttl_ms, 20000,
          "a task whose process is silent for so long is given to another");
ABSL_FLAG(int, lease_heartbeat_ms, 5000, "time between heartbeats");
ABSL_FLAG(int, lease_sweep_ms, 1000, "time between sweeps for lost leases");
ABSL_FLAG(int, shutdown_grace_ms, 10000, "calls in flight have so long to end");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warn, error");

namespace tuneward {
namespace {

const std::vector<std::string>& FlagNames() {
  static const std::vector<std::string> kNames = {
      "dsn_file",       "worker_secret_file", "blob_root",    "listen_host",
      "port",           "admin_port",         "metrics_port", "port_file",
      "db_connections", "max_reads",          "max_writes",   "max_uploads",
      "max_chats",      "max_watches",        "lease_ttl_ms", "lease_heartbeat_ms",
      "lease_sweep_ms", "shutdown_grace_ms",  "log_level"};
  return kNames;
}

absl::Status CheckFlags() {
  Violations problems;
  const auto positive = [&](const char* name, int value) {
    if (value < 1) problems.Add(name, absl::StrCat("must be at least 1, got ", value));
  };
  const auto port = [&](const char* name, int value) {
    if (value < 0 || value > 65535)
      problems.Add(name, absl::StrCat("must be in [0, 65535], got ", value));
  };
  for (const auto& [name, value] :
       {std::pair<const char*, std::string>{"dsn_file", absl::GetFlag(FLAGS_dsn_file)},
        {"worker_secret_file", absl::GetFlag(FLAGS_worker_secret_file)},
        {"blob_root", absl::GetFlag(FLAGS_blob_root)}}) {
    if (value.empty()) problems.Add(name, "must be set");
  }
  port("port", absl::GetFlag(FLAGS_port));
  port("admin_port", absl::GetFlag(FLAGS_admin_port));
  port("metrics_port", absl::GetFlag(FLAGS_metrics_port));
  positive("db_connections", absl::GetFlag(FLAGS_db_connections));
  positive("max_reads", absl::GetFlag(FLAGS_max_reads));
  positive("max_writes", absl::GetFlag(FLAGS_max_writes));
  positive("max_uploads", absl::GetFlag(FLAGS_max_uploads));
  positive("max_chats", absl::GetFlag(FLAGS_max_chats));
  positive("max_watches", absl::GetFlag(FLAGS_max_watches));
  positive("lease_sweep_ms", absl::GetFlag(FLAGS_lease_sweep_ms));
  positive("lease_heartbeat_ms", absl::GetFlag(FLAGS_lease_heartbeat_ms));
  if (absl::GetFlag(FLAGS_lease_ttl_ms) < 2 * absl::GetFlag(FLAGS_lease_heartbeat_ms)) {
    problems.Add("lease_ttl_ms", absl::StrCat("must be at least twice lease_heartbeat_ms, got ",
                                              absl::GetFlag(FLAGS_lease_ttl_ms)));
  }
  return problems.ToStatus();
}

absl::StatusOr<ServerOptions> ReadOptions() {
  TW_RETURN_IF_ERROR(CheckFlags());
  ServerOptions options;
  TW_ASSIGN_OR_RETURN(options.dsn, ReadSecretFile(absl::GetFlag(FLAGS_dsn_file)));
  TW_ASSIGN_OR_RETURN(options.worker_secret,
                      ReadSecretFile(absl::GetFlag(FLAGS_worker_secret_file)));
  options.blob_root = absl::GetFlag(FLAGS_blob_root);
  options.listen_host = absl::GetFlag(FLAGS_listen_host);
  options.port = absl::GetFlag(FLAGS_port);
  options.admin_port = absl::GetFlag(FLAGS_admin_port);
  options.metrics_port = absl::GetFlag(FLAGS_metrics_port);
  options.db_connections = absl::GetFlag(FLAGS_db_connections);
  options.admission = {absl::GetFlag(FLAGS_max_reads), absl::GetFlag(FLAGS_max_writes),
                       absl::GetFlag(FLAGS_max_uploads), absl::GetFlag(FLAGS_max_chats),
                       absl::GetFlag(FLAGS_max_watches)};
  options.lease.ttl = std::chrono::milliseconds(absl::GetFlag(FLAGS_lease_ttl_ms));
  options.lease.heartbeat = std::chrono::milliseconds(absl::GetFlag(FLAGS_lease_heartbeat_ms));
  options.lease.sweep = std::chrono::milliseconds(absl::GetFlag(FLAGS_lease_sweep_ms));
  return options;
}

absl::Status WritePorts(const ServerPorts& ports) {
  const std::string path = absl::GetFlag(FLAGS_port_file);
  if (path.empty()) return absl::OkStatus();
  const std::string host = absl::GetFlag(FLAGS_listen_host);
  return WriteFileAtomic(
      path, absl::StrCat("public=", host, ":", ports.client, "\nadmin=", host, ":", ports.admin,
                         "\nmetrics=", host, ":", ports.metrics, "\n"));
}

absl::Status Run(int argc, char** argv) {
  TW_RETURN_IF_ERROR(LoadFlags(FlagNames(), DefaultConfPath("tuneward-server"), argc, argv));
  InitLog("tuneward-server", absl::GetFlag(FLAGS_log_level));
  TW_ASSIGN_OR_RETURN(const ServerOptions options, ReadOptions());
  LogInfo("starting", {{"settings", DescribeFlags(FlagNames())}});
  SystemClock clock;
  SystemEntropy entropy;
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<App> app, App::Start(options, clock, entropy));
  TW_RETURN_IF_ERROR(WritePorts(app->ports()));
  LogInfo("serving", {{"port", std::to_string(app->ports().client)},
                      {"admin_port", std::to_string(app->ports().admin)},
                      {"metrics_port", std::to_string(app->ports().metrics)}});
  const int signal = WaitForShutdownSignal();
  LogInfo("shutting down", {{"signal", std::to_string(signal)}});
  app->Shutdown(std::chrono::milliseconds(absl::GetFlag(FLAGS_shutdown_grace_ms)));
  LogInfo("ended");
  return absl::OkStatus();
}

}  // namespace
}  // namespace tuneward

int main(int argc, char** argv) {
  tuneward::BlockShutdownSignals();
  tuneward::SetProgramHelp(
      "tuneward-server", TUNEWARD_VERSION,
      "serves tuneward's gRPC API. Settings: flags > environment TUNEWARD_<FLAG> > "
      "/etc/tuneward/tuneward-server.conf");
  const absl::Status status = tuneward::Run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "tuneward-server: %s\n", std::string(status.message()).c_str());
  for (const auto& violation : tuneward::GetErrorInfo(status).violations) {
    std::fprintf(stderr, "  %s: %s\n", violation.field.c_str(), violation.description.c_str());
  }
  return 1;
}
