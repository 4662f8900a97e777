// tuneward-worker: claims tasks, trains, audits and generates. Ends in order on SIGTERM or SIGINT.
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include <unistd.h>

#include "absl/flags/flag.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/program_help.h"
#include "net/config.h"
#include "net/shutdown.h"
#include "worker/app.h"

ABSL_FLAG(std::string, dsn_file, "", "file with PostgreSQL's DSN (0600)");
ABSL_FLAG(std::string, worker_secret_file, "",
          "file with the secret that servers show to workers (0600)");
ABSL_FLAG(std::string, blob_root, "", "folder of the blob store, shared with the servers");
ABSL_FLAG(std::string, cache_root, "",
          "folder for models in use and running tasks; best on the blob store's file system");
ABSL_FLAG(std::string, listen_host, "127.0.0.1", "address of the internal port and of /metrics");
ABSL_FLAG(int, port, 0, "internal gRPC port; 0: any free one");
ABSL_FLAG(int, metrics_port, 0, "port of /metrics and /healthz; 0: any free one");
ABSL_FLAG(std::string, advertise, "",
          "host:port at which servers reach the internal port; empty: where it listens");
ABSL_FLAG(std::string, port_file, "",
          "when ready, write 'internal=' and 'metrics=' lines with host:port to this file");
ABSL_FLAG(std::vector<std::string>, roles, (std::vector<std::string>{"train", "audit", "serve"}),
          "what this worker does, of train, audit, serve");
ABSL_FLAG(std::string, device, "cpu", "cpu or cuda:<n>");
ABSL_FLAG(int, threads, 1, "threads of the engine; part of the fingerprint of results");
ABSL_FLAG(
    int, prefix_cache_mb, 256,
    "memory in which each loaded base keeps chats' prompts for those that begin alike; 0: none");
ABSL_FLAG(int, checkpoint_every, 25, "optimiser steps between checkpoints");
ABSL_FLAG(int, audit_prompts, 400, "prompts in each cell of an audit");
ABSL_FLAG(int, train_together, 4,
          "jobs in shared mode on one base that are trained step by step together; 1: never");
ABSL_FLAG(int, lease_ttl_ms, 20000,
          "a task whose worker is silent for so long is given to another");
ABSL_FLAG(int, lease_heartbeat_ms, 5000, "time between heartbeats");
ABSL_FLAG(int, lease_margin_ms, 5000, "a task stops so long before its lease may end");
ABSL_FLAG(int, lease_sweep_ms, 1000, "time between sweeps for lost leases");
ABSL_FLAG(int, poll_ms, 1000, "time between looks for a task");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warn, error");

namespace tuneward {
namespace {

const std::vector<std::string>& FlagNames() {
  static const auto& names = *new std::vector<std::string>{"dsn_file",         "worker_secret_file",
                                                           "blob_root",        "cache_root",
                                                           "listen_host",      "port",
                                                           "metrics_port",     "advertise",
                                                           "port_file",        "roles",
                                                           "device",           "threads",
                                                           "checkpoint_every", "audit_prompts",
                                                           "lease_ttl_ms",     "lease_heartbeat_ms",
                                                           "lease_margin_ms",  "lease_sweep_ms",
                                                           "poll_ms",          "train_together",
                                                           "log_level",        "prefix_cache_mb"};
  return names;
}

// Empty when no file is named, which CheckWorkerOptions reports with all else.
absl::StatusOr<std::string> ReadSecretIfNamed(const std::string& path) {
  if (path.empty()) return std::string();
  return ReadSecretFile(path);
}

absl::StatusOr<WorkerOptions> OptionsOfFlags() {
  using std::chrono::milliseconds;
  WorkerOptions options;
  TW_ASSIGN_OR_RETURN(options.dsn, ReadSecretIfNamed(absl::GetFlag(FLAGS_dsn_file)));
  TW_ASSIGN_OR_RETURN(options.worker_secret,
                      ReadSecretIfNamed(absl::GetFlag(FLAGS_worker_secret_file)));
  options.blob_root = absl::GetFlag(FLAGS_blob_root);
  options.listen_host = absl::GetFlag(FLAGS_listen_host);
  options.port = absl::GetFlag(FLAGS_port);
  options.metrics_port = absl::GetFlag(FLAGS_metrics_port);
  options.advertise = absl::GetFlag(FLAGS_advertise);
  options.roles = absl::GetFlag(FLAGS_roles);
  options.engine.device = absl::GetFlag(FLAGS_device);
  options.engine.threads = absl::GetFlag(FLAGS_threads);
  options.engine.prefix_cache_bytes = int64_t{absl::GetFlag(FLAGS_prefix_cache_mb)} << 20;
  options.keeper.lease.ttl = milliseconds(absl::GetFlag(FLAGS_lease_ttl_ms));
  options.keeper.lease.heartbeat = milliseconds(absl::GetFlag(FLAGS_lease_heartbeat_ms));
  options.keeper.lease.sweep = milliseconds(absl::GetFlag(FLAGS_lease_sweep_ms));
  options.keeper.margin = milliseconds(absl::GetFlag(FLAGS_lease_margin_ms));
  options.poll = milliseconds(absl::GetFlag(FLAGS_poll_ms));
  options.tasks.cache_root = absl::GetFlag(FLAGS_cache_root);
  options.tasks.checkpoint_every = absl::GetFlag(FLAGS_checkpoint_every);
  options.tasks.audit_prompts = absl::GetFlag(FLAGS_audit_prompts);
  options.tasks.train_together = absl::GetFlag(FLAGS_train_together);
  return options;
}

absl::Status RunWorker() {
  TW_ASSIGN_OR_RETURN(const WorkerOptions options, OptionsOfFlags());
  // Drain ends the process as SIGTERM does: main waits for it below.
  TW_ASSIGN_OR_RETURN(const auto app, WorkerApp::Start(options, [] { kill(getpid(), SIGTERM); }));
  LogInfo("ready", {{"worker", app->worker_id()},
                    {"port", std::to_string(app->port())},
                    {"metrics_port", std::to_string(app->metrics_port())}});
  if (const std::string path = absl::GetFlag(FLAGS_port_file); !path.empty()) {
    const std::string host = options.listen_host + ":";
    TW_RETURN_IF_ERROR(WriteFileAtomic(path, "internal=" + host + std::to_string(app->port()) +
                                                 "\nmetrics=" + host +
                                                 std::to_string(app->metrics_port()) + "\n"));
  }
  const int signal = WaitForShutdownSignal();
  LogInfo("shutting down", {{"signal", std::to_string(signal)}});
  app->Stop();
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  BlockShutdownSignals();
  SetProgramHelp("tuneward-worker", TUNEWARD_VERSION,
                 "trains, audits and serves tuned models. Settings: flags > environment "
                 "TUNEWARD_<FLAG> > /etc/tuneward/tuneward-worker.conf");
  const absl::Status loaded =
      LoadFlags(FlagNames(), DefaultConfPath("tuneward-worker"), argc, argv);
  InitLog("tuneward-worker", absl::GetFlag(FLAGS_log_level));
  if (loaded.ok()) LogInfo("settings", {{"flags", DescribeFlags(FlagNames())}});
  const absl::Status status = loaded.ok() ? RunWorker() : loaded;
  if (status.ok()) return 0;
  std::fprintf(stderr, "tuneward-worker: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace tuneward

int main(int argc, char** argv) { return tuneward::Main(argc, argv); }
