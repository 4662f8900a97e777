#include "server/app.h"

#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "absl/strings/str_cat.h"
#include "core/base/log.h"
#include "core/policy/policy_document.h"
#include "core/store/pg/job_listener.h"
#include "core/store/pg/migrator.h"
#include "migrations/migrations.h"
#include "net/http_server.h"
#include "net/metrics.h"
#include "net/rpc_observer.h"
#include "server/planner.h"
#include "server/rpc/admin_services.h"
#include "server/rpc/file_service.h"
#include "server/rpc/fine_tuning_service.h"
#include "server/rpc/model_service.h"
#include "server/sweeper.h"

namespace tuneward {
namespace {

constexpr int kMaxThreads = 320;           // above the sum of the admission limits: the last wall
constexpr int kMaxAnswerBytes = 64 << 20;  // a plan names every mixed row
constexpr int kLeastPingMillis = 10000;    // watchers keep their connection alive
// A client whose network went away must not keep its place among the uploads and watches for hours.
constexpr int kKeepaliveMillis = 60000, kKeepaliveTimeoutMillis = 20000;
constexpr std::chrono::milliseconds kHealthEvery{1000};

// The documents that a new installation starts with; a policy that is there is left as it is.
absl::Status SeedPolicies(PolicyStore& policies) {
  for (const PolicyDocument& policy : {DefaultPolicy(), OpenPolicy()}) {
    const absl::Status head = policies.Head(policy.id).status();
    if (head.ok()) continue;
    if (!absl::IsNotFound(head)) return head;
    TW_RETURN_IF_ERROR(policies.Put(policy.id, policy.ToJson(), "server").status());
  }
  return absl::OkStatus();
}

}  // namespace

// In the order in which things are built; they go in the opposite one.
struct App::Impl {
  Impl(const ServerOptions& o, const Clock& c, EntropySource& e, std::unique_ptr<PgPool> p)
      : options(o), clock(c), entropy(e), ids(c, e), pool(std::move(p)) {}

  absl::Status OpenBlobs() {
    TW_ASSIGN_OR_RETURN(blobs, BlobStore::Open(options.blob_root, ids));
    texts.emplace(*blobs);
    uploader.emplace(files, *blobs, ids, options.dataset);
    registrar.emplace(bases, *blobs, sets);
    completer.emplace(ChatCompleter::Deps{models, bases, workers, *texts, engines, entropy});
    return absl::OkStatus();
  }
  absl::Status OpenPorts();
  absl::StatusOr<std::unique_ptr<grpc::Server>> Serve(int port,
                                                      const std::vector<grpc::Service*>& services,
                                                      int* bound);
  void StartThreads();
  bool CheckHealth();

  const ServerOptions options;
  const Clock& clock;
  EntropySource& entropy;
  IdGenerator ids;
  ServerMetrics metrics;
  std::unique_ptr<PgPool> pool;
  ProjectStore projects{*pool};
  PolicyStore policies{*pool};
  FileStore files{*pool};
  BaseModelStore bases{*pool};
  JobStore jobs{*pool};
  ModelStore models{*pool};
  TaskStore tasks{*pool};
  TransitionStore transitions{*pool};
  WorkerStore workers{*pool};
  GaugeStore gauges{*pool};
  std::unique_ptr<BlobStore> blobs;
  SafetySets sets = SafetySets::BuiltIn();
  PolicyCache policy_cache{policies};
  EngineClient engines{options.worker_secret};
  std::optional<BaseTextCache> texts;
  std::optional<FileUploader> uploader;
  std::optional<Registrar> registrar;
  std::optional<ChatCompleter> completer;
  Submitter submitter{Submitter::Stores{projects, policies, files, bases, jobs}, ids, entropy};
  JobChanges changes;

  Admission admission{options.admission};
  CallGuard client_guard{projects, admission, ApiKeyKind::kProject};
  CallGuard admin_guard{projects, admission, ApiKeyKind::kOperator};
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> client_server, admin_server;
  ServerPorts ports;
  HttpServer http;
  std::atomic<bool> ready{false}, stopping{false};

  std::optional<Planner> planner;
  std::optional<Sweeper> sweeper;
  std::unique_ptr<JobListener> listener;
  std::unique_ptr<Periodic> health;
};

absl::StatusOr<std::unique_ptr<grpc::Server>> App::Impl::Serve(
    int port, const std::vector<grpc::Service*>& list, int* bound) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(absl::StrCat(options.listen_host, ":", port),
                           grpc::InsecureServerCredentials(), bound);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT,
                             0);  // a second server on the port must fail, not share it
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kLeastPingMillis);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMillis);
  builder.SetMaxSendMessageSize(kMaxAnswerBytes);
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(kMaxThreads);
  builder.SetResourceQuota(quota);
  builder.experimental().SetInterceptorCreators(MakeRpcObservers(metrics.registry(), entropy));
  for (grpc::Service* service : list) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || *bound == 0) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", options.listen_host, ":", port,
                                               " (gRPC): in use, or not ours"));
  }
  return server;
}

absl::Status App::Impl::OpenPorts() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  std::vector<grpc::Service*> client, admin;
  const auto add = [this](std::vector<grpc::Service*>& list, auto service) {
    list.push_back(service.get());
    services.push_back(std::move(service));
  };
  add(client, std::make_unique<FileServiceImpl>(client_guard, *uploader, files, metrics));
  add(client, std::make_unique<FineTuningServiceImpl>(FineTuningServiceImpl::Deps{
                  client_guard, submitter, jobs, models, policy_cache, *blobs, changes, clock}));
  add(client, std::make_unique<ModelServiceImpl>(client_guard, models, bases));
  add(client, std::make_unique<InferenceServiceImpl>(client_guard, *completer));
  add(admin, std::make_unique<ProjectServiceImpl>(admin_guard, projects, policies));
  add(admin, std::make_unique<ApiKeyServiceImpl>(admin_guard, projects, ids, entropy));
  add(admin, std::make_unique<BaseModelServiceImpl>(admin_guard, *registrar));
  add(admin, std::make_unique<PolicyServiceImpl>(admin_guard, policies));
  add(admin, std::make_unique<ReviewServiceImpl>(admin_guard, models, bases, metrics));
  add(admin, std::make_unique<WorkerServiceImpl>(admin_guard, workers));
  TW_ASSIGN_OR_RETURN(client_server, Serve(options.port, client, &ports.client));
  TW_ASSIGN_OR_RETURN(admin_server, Serve(options.admin_port, admin, &ports.admin));
  ServeMetrics(
      http, metrics.registry(), TUNEWARD_VERSION, [this] { return ready.load(); },
      [this] { metrics.Refresh(gauges, options.blob_root); });
  TW_RETURN_IF_ERROR(http.Start(options.listen_host, options.metrics_port));
  ports.metrics = http.port();
  return absl::OkStatus();
}

bool App::Impl::CheckHealth() {
  const bool serving = !stopping && pool->Ping().ok();
  if (ready.exchange(serving) != serving && !stopping) {
    LogInfo(serving ? "ready" : "not ready: PostgreSQL does not answer");
  }
  for (grpc::Server* server : {client_server.get(), admin_server.get()}) {
    server->GetHealthCheckService()->SetServingStatus(serving);
  }
  return false;
}

void App::Impl::StartThreads() {
  if (options.planner) {
    planner.emplace(
        Planner::Deps{
            tasks, transitions, jobs, files, policy_cache, bases, *blobs, *texts, sets, ids,
            [this](const std::string& method, int64_t rows) { metrics.RowsMixed(method, rows); },
            [this](double seconds) { metrics.TaskDone(seconds); }},
        ids.Make("srv-"), options.lease);
    planner->Start();
  }
  sweeper.emplace(tasks, files, *blobs, options.lease,
                  [this](const SweptTask&) { metrics.LeaseLost(); });
  listener = std::make_unique<JobListener>(options.dsn, [this](const std::string& job_id) {
    changes.Notify(job_id);
    if (planner.has_value()) planner->Wake();
  });
  (void)CheckHealth();
  health = std::make_unique<Periodic>(kHealthEvery, [this] { return CheckHealth(); });
}

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() { Shutdown(std::chrono::milliseconds(0)); }

ServerPorts App::ports() const { return impl_->ports; }

absl::StatusOr<std::unique_ptr<App>> App::Start(const ServerOptions& options, const Clock& clock,
                                                EntropySource& entropy) {
  auto waits = std::make_shared<std::atomic<ServerMetrics*>>(
      nullptr);  // shared with the pool, which outlives no metrics
  PgOptions pg;
  pg.dsn = options.dsn;
  pg.connections = options.db_connections;
  pg.application = "tuneward-server";
  pg.on_wait = [waits](double seconds) {
    if (ServerMetrics* metrics = waits->load()) metrics->PoolWait(seconds);
  };
  TW_ASSIGN_OR_RETURN(std::unique_ptr<PgPool> pool, PgPool::Open(std::move(pg)));
  TW_RETURN_IF_ERROR(CheckSchema(*pool, Migrations()));
  auto impl = std::make_unique<Impl>(options, clock, entropy, std::move(pool));
  waits->store(&impl->metrics);
  TW_RETURN_IF_ERROR(SeedPolicies(impl->policies));
  TW_RETURN_IF_ERROR(impl->OpenBlobs());
  TW_RETURN_IF_ERROR(impl->OpenPorts());
  impl->StartThreads();
  return std::unique_ptr<App>(new App(std::move(impl)));
}

void App::Shutdown(std::chrono::milliseconds grace) {
  if (impl_->stopping.exchange(true)) return;
  impl_->ready = false;
  impl_->health.reset();
  for (grpc::Server* server : {impl_->client_server.get(), impl_->admin_server.get()}) {
    server->GetHealthCheckService()->SetServingStatus(false);
  }
  impl_->changes.Close();
  const auto deadline = std::chrono::system_clock::now() + grace;
  impl_->client_server->Shutdown(deadline);
  impl_->admin_server->Shutdown(deadline);
  impl_->listener.reset();
  impl_->sweeper.reset();
  impl_->planner.reset();
  impl_->http.Stop();
}

}  // namespace tuneward
