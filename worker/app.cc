#include "worker/app.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/store/blob/blob_tree.h"
#include "core/store/pg/job_listener.h"
#include "core/store/pg/pool.h"
#include "core/store/pg/worker_store.h"
#include "migrations/migrations.h"
#include "net/metrics.h"
#include "net/rpc_observer.h"
#include "worker/engine/device_memory.h"
#include "worker/runner/task_runner.h"
#include "worker/runner/ticker.h"
#include "worker/runner/worker_registry.h"
#include "worker/serving/engine_batch.h"
#include "worker/serving/engine_service.h"
#include "worker/tasks/audit_task.h"
#include "worker/tasks/leftovers.h"
#include "worker/tasks/train_task.h"

namespace tuneward {
namespace {

constexpr int kMaxGrpcThreads = 128;
constexpr std::chrono::seconds kGenerationGrace(5);
const std::vector<std::string>& KnownRoles() {
  static const auto& roles = *new std::vector<std::string>{"train", "audit", "serve"};
  return roles;
}

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

bool Has(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

absl::Status CheckWorkerOptions(const WorkerOptions& options) {
  Violations problems;
  if (options.dsn.empty()) problems.Add("dsn_file", "must name a file with the database's DSN");
  if (options.worker_secret.empty())
    problems.Add("worker_secret_file", "must name a file with the shared secret");
  if (options.blob_root.empty()) problems.Add("blob_root", "must name the blob store's folder");
  if (options.tasks.cache_root.empty())
    problems.Add("cache_root", "must name a folder of this worker's own");
  if (options.roles.empty()) problems.Add("roles", "must hold at least one of train, audit, serve");
  for (const std::string& role : options.roles) {
    if (!Has(KnownRoles(), role))
      problems.Add("roles", "'" + role + "' is none of train, audit, serve");
  }
  if (options.engine.threads < 1) problems.Add("threads", "must be at least 1");
  if (options.engine.prefix_cache_bytes < 0) problems.Add("prefix_cache_mb", "must be at least 0");
  if (options.tasks.train_together < 1 || options.tasks.train_together > 64)
    problems.Add("train_together", "must be in [1, 64]");
  if (options.tasks.checkpoint_every < 1) problems.Add("checkpoint_every", "must be at least 1");
  if (absl::Status lease = CheckKeeperSettings(options.keeper); !lease.ok()) {
    problems.Add("lease", std::string(lease.message()));
  }
  return problems.ToStatus();
}

// In the order in which it is built; members that use others come after them and go before them.
struct WorkerApp::Parts {
  explicit Parts(WorkerOptions given)
      : options(std::move(given)), ids(clock, entropy), metrics(registry) {}

  absl::StatusOr<std::unique_ptr<PgPool>> OpenPool(const std::string& application, int connections);
  absl::Status OpenStores();
  absl::Status OpenNetwork(std::function<void()> on_drain);
  absl::Status Run();
  absl::StatusOr<std::string> TreeFolder(const std::string& tree_sha);
  WorkerRecord Describe() const;
  void Sweep();
  void ShowDeviceMemory();

  const WorkerOptions options;
  SystemClock clock;
  SystemEntropy entropy;
  IdGenerator ids;
  prometheus::Registry registry;
  WorkerMetrics metrics;
  std::string worker_id;
  std::atomic<bool> ready{false};
  int port = 0;

  // Each its own connection: tasks, heartbeats, the sweep.
  std::unique_ptr<PgPool> pool, keeper_pool, sweep_pool;
  std::unique_ptr<BlobStore> blobs;
  std::optional<BaseModelStore> bases, keeper_bases;
  std::optional<FileStore> files;
  std::optional<JobStore> jobs;
  std::optional<ModelStore> models;
  std::optional<PolicyStore> policies;
  std::optional<TransitionStore> transitions;
  std::optional<TaskStore> tasks, keeper_tasks, sweep_tasks;
  std::optional<WorkerStore> workers;
  std::optional<WorkerRegistry> row;
  std::optional<ModelCache> model_cache;
  std::optional<DecodeQueue> decode;
  std::optional<TaskServices> services;
  std::optional<TrainTask> train;
  std::optional<AuditTask> audit;
  std::optional<LeaseKeeper> keeper;
  std::optional<TaskRunner> runner;
  std::optional<Ticker> sweeper;
  std::optional<JobListener> listener;
  std::optional<EngineServiceImpl> service;
  std::unique_ptr<grpc::Server> grpc;
  std::optional<HttpServer> http;
};

absl::StatusOr<std::string> WorkerApp::Parts::TreeFolder(const std::string& tree_sha) {
  TW_ASSIGN_OR_RETURN(const Digest tree, Digest::FromHex(tree_sha));
  return MaterializeTree(*blobs, tree, options.tasks.TreeFolder());
}

WorkerRecord WorkerApp::Parts::Describe() const {
  WorkerRecord record;
  record.id = worker_id;
  record.host = HostName();
  record.address = options.advertise.empty() ? options.listen_host + ":" + std::to_string(port)
                                             : options.advertise;
  record.roles = options.roles;
  record.device = {{"device", options.engine.device}, {"threads", options.engine.threads}};
  record.build = TUNEWARD_VERSION;
  return record;
}

absl::StatusOr<std::unique_ptr<PgPool>> WorkerApp::Parts::OpenPool(const std::string& application,
                                                                   int connections) {
  PgOptions pg;
  pg.dsn = options.dsn;
  pg.connections = connections;
  pg.application = application;
  pg.on_wait = [this](double seconds) { metrics.PoolWait(seconds); };
  return PgPool::Open(std::move(pg));
}

// On the HTTP server's threads.
void WorkerApp::Parts::ShowDeviceMemory() {
  if (const auto bytes = DeviceMemoryBytes(options.engine.device)) metrics.GpuMemory(*bytes);
}

absl::Status WorkerApp::Parts::OpenStores() {
  worker_id = ids.Make(kWorkerPrefix);
  TW_ASSIGN_OR_RETURN(pool, OpenPool("tuneward-worker", 2));
  TW_RETURN_IF_ERROR(CheckSchema(*pool, Migrations()));
  TW_ASSIGN_OR_RETURN(keeper_pool, OpenPool("tuneward-worker-keeper", 1));
  TW_ASSIGN_OR_RETURN(sweep_pool, OpenPool("tuneward-worker-sweep", 1));
  TW_ASSIGN_OR_RETURN(blobs, BlobStore::Open(options.blob_root, ids));
  TW_RETURN_IF_ERROR(MakeFolders(options.tasks.TreeFolder()));
  RemoveLeftovers(options.tasks.WorkFolder(""));
  bases.emplace(*pool);
  files.emplace(*pool);
  jobs.emplace(*pool);
  models.emplace(*pool);
  policies.emplace(*pool);
  transitions.emplace(*pool);
  tasks.emplace(*pool);
  keeper_tasks.emplace(*keeper_pool);
  keeper_bases.emplace(*keeper_pool);
  workers.emplace(*keeper_pool);
  sweep_tasks.emplace(*sweep_pool);
  model_cache.emplace(options.engine, [this](const std::string& tree) { return TreeFolder(tree); });
  decode.emplace(
      clock,
      [this](const std::string& base) {
        return OpenEngineBatch(*model_cache, base, [this](const PromptCounts& prompts) {
          metrics.Prompts(prompts.tokens, prompts.reused, model_cache->PrefixCacheBytes());
        });
      },
      DecodeLimits{}, [this](size_t rows) { metrics.DecodeStep(rows); });
  services.emplace(TaskServices{clock, ids, *blobs, *model_cache, *decode, metrics, *bases, *files,
                                *jobs, *models, *policies, *transitions, options.tasks});
  return absl::OkStatus();
}

absl::Status WorkerApp::Parts::OpenNetwork(std::function<void()> on_drain) {
  service.emplace(options.worker_secret, *decode, clock, metrics, std::move(on_drain));
  grpc::ServerBuilder builder;
  grpc::ResourceQuota quota("worker");
  quota.SetMaxThreads(kMaxGrpcThreads);
  builder.SetResourceQuota(quota);
  builder.experimental().SetInterceptorCreators(MakeRpcObservers(registry, entropy));
  const std::string address = options.listen_host + ":" + std::to_string(options.port);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&*service);
  grpc = builder.BuildAndStart();
  if (grpc == nullptr || port == 0) return absl::UnavailableError("cannot listen on " + address);
  http.emplace();
  ServeMetrics(
      *http, registry, TUNEWARD_VERSION, [this] { return ready.load(); },
      [this] { ShowDeviceMemory(); });
  return http->Start(options.listen_host, options.metrics_port);
}

void WorkerApp::Parts::Sweep() {
  const auto swept = sweep_tasks->Sweep(options.keeper.lease.ttl);
  if (!swept.ok()) {
    LogWarning("sweep failed", {{"error", std::string(swept.status().message())}});
    return;
  }
  for (const SweptTask& task : *swept) {
    metrics.LeaseLost();
    LogWarning("took a task back from a worker that is gone",
               {{"task", task.task_id},
                {"job", task.job_id},
                {"project", task.project_id},
                {"trace_id", task.trace_id},
                {"deaths", std::to_string(task.deaths)}});
  }
  if (!swept->empty()) runner->Wake();
}

absl::Status WorkerApp::Parts::Run() {
  row.emplace(*workers, *keeper_bases, Describe());
  TW_RETURN_IF_ERROR(row->Register());
  keeper.emplace(options.keeper, clock,
                 LeaseKeeper::Calls{[this](const TaskLease& lease, const Json& progress) {
                                      return keeper_tasks->Heartbeat(
                                          lease, options.keeper.lease.ttl, progress);
                                    },
                                    [this] { return row->SignOfLife(); }});
  keeper->Start();
  train.emplace(*services);
  audit.emplace(*services);
  std::vector<TaskHandler*> handlers;
  if (Has(options.roles, "train")) handlers.push_back(&*train);
  if (Has(options.roles, "audit")) handlers.push_back(&*audit);
  RunnerSettings settings;
  settings.worker_id = worker_id;
  settings.lease_ttl = options.keeper.lease.ttl;
  settings.poll = options.poll;
  runner.emplace(settings,
                 TaskRunner::Parts{clock, *tasks, *transitions, *keeper, *decode, metrics},
                 handlers);
  runner->Start();
  sweeper.emplace(options.keeper.lease.sweep, [this] { Sweep(); });
  listener.emplace(options.dsn, [this](const std::string&) { runner->Wake(); });
  ready = true;
  return absl::OkStatus();
}

WorkerApp::WorkerApp(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
WorkerApp::~WorkerApp() { Stop(); }

absl::StatusOr<std::unique_ptr<WorkerApp>> WorkerApp::Start(const WorkerOptions& options,
                                                            std::function<void()> on_drain) {
  TW_RETURN_IF_ERROR(CheckWorkerOptions(options));
  std::unique_ptr<WorkerApp> app(new WorkerApp(std::make_unique<Parts>(options)));
  TW_RETURN_IF_ERROR(app->parts_->OpenStores());
  TW_RETURN_IF_ERROR(app->parts_->OpenNetwork(std::move(on_drain)));
  TW_RETURN_IF_ERROR(app->parts_->Run());
  return app;
}

int WorkerApp::port() const { return parts_->port; }
int WorkerApp::metrics_port() const { return parts_->http->port(); }
const std::string& WorkerApp::worker_id() const { return parts_->worker_id; }

void WorkerApp::Stop() {
  Parts& parts = *parts_;
  parts.ready = false;
  if (parts.row) {
    if (absl::Status status = parts.row->StartDraining(); !status.ok()) {
      LogWarning("could not announce the end", {{"error", std::string(status.message())}});
    }
  }
  parts.listener.reset();
  parts.sweeper.reset();
  if (parts.runner) parts.runner->Stop();
  if (parts.grpc != nullptr)
    parts.grpc->Shutdown(std::chrono::system_clock::now() + kGenerationGrace);
  parts.grpc.reset();
  parts.runner.reset();
  parts.keeper.reset();
  if (parts.row) {
    if (absl::Status status = parts.row->Leave(); !status.ok()) {
      LogWarning("could not leave the list of workers", {{"error", std::string(status.message())}});
    }
    parts.row.reset();
  }
  parts.http.reset();
}

}  // namespace tuneward
