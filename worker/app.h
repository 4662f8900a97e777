// The worker process put together: database, blobs, models, claim loop, lease keeper, sweeper, the
// internal gRPC service and /metrics. Start and Stop are called from one thread; everything it
// starts is joined by Stop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "worker/engine/engine.h"
#include "worker/runner/lease_keeper.h"
#include "worker/tasks/task_services.h"

namespace tuneward {

struct WorkerOptions {
  std::string dsn;            // libpq's; a secret
  std::string worker_secret;  // shared with the servers
  std::string blob_root;
  std::string listen_host = "127.0.0.1";  // of the internal port and of /metrics
  int port = 0;                           // 0: any free one
  int metrics_port = 0;
  std::string advertise;  // host:port that servers call; empty: listen_host and the port
  std::vector<std::string> roles = {"train", "audit", "serve"};
  EngineOptions engine;
  KeeperSettings keeper;
  std::chrono::milliseconds poll{1000};
  TaskSettings tasks;
};

// All problems of the options at once.
absl::Status CheckWorkerOptions(const WorkerOptions& options);

class WorkerApp {
 public:
  // Opens everything and begins to claim. `on_drain`: a server asked this process to end; called on
  // a gRPC thread.
  static absl::StatusOr<std::unique_ptr<WorkerApp>> Start(const WorkerOptions& options,
                                                          std::function<void()> on_drain);
  ~WorkerApp();  // Stop

  int port() const;
  int metrics_port() const;
  const std::string& worker_id() const;

  // Takes nothing new, hands the running task back, answers what is being generated, leaves the
  // list of workers.
  void Stop();

 private:
  struct Parts;
  explicit WorkerApp(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tuneward
