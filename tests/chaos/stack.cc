#include "tests/chaos/stack.h"

#include <signal.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "core/base/api_key.h"
#include "core/base/file.h"
#include "core/store/pg/migrator.h"
#include "core/store/pg/project_store.h"
#include "migrations/migrations.h"
#include "net/grpc_status.h"
#include "tests/support/child_process.h"
#include "tests/support/sql.h"
#include "tuneward/admin/v1/api_keys.grpc.pb.h"
#include "tuneward/admin/v1/base_models.grpc.pb.h"
#include "tuneward/admin/v1/projects.grpc.pb.h"

namespace tuneward {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStartLimit{60};
constexpr std::chrono::milliseconds kLookEvery{10};

// The value of a "name=value" line of a port file; empty: not there.
std::string ValueIn(const std::string& path, const std::string& name) {
  const std::string text = "\n" + ReadFile(path).value_or("");
  const size_t at = text.find("\n" + name + "=");
  if (at == std::string::npos) return "";
  const size_t begin = at + name.size() + 2;
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::string PortOf(const std::string& address) { return address.substr(address.rfind(':') + 1); }

template <typename Service, typename Request, typename Response>
absl::Status CallAdmin(const std::string& address, const std::string& key,
                       grpc::Status (Service::*method)(grpc::ClientContext*, const Request&,
                                                       Response*),
                       const Request& request, Response* response) {
  grpc::ClientContext context;
  AddKey(context, key);
  Service stub(ConnectFast(address));
  return FromGrpcStatus((stub.*method)(&context, request, response));
}

}  // namespace

bool WaitUntil(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(kLookEvery);
  }
  return true;
}

absl::StatusOr<std::unique_ptr<Stack>> Stack::Start(const StackOptions& options) {
  std::unique_ptr<Stack> stack(new Stack(options));
  std::string pattern = (fs::temp_directory_path() / "tw_stack_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return ErrnoStatus(errno, pattern);
  stack->folder_ = pattern;
  TW_RETURN_IF_ERROR(stack->MakeDatabase());
  TW_ASSIGN_OR_RETURN(stack->blobs_, BlobStore::Open(stack->folder_ + "/blobs", stack->ids_));
  TW_RETURN_IF_ERROR(stack->StartProcess(kServer));
  TW_RETURN_IF_ERROR(stack->MakeProject());
  for (const std::string& worker : options.workers) {
    TW_RETURN_IF_ERROR(stack->StartProcess(worker));
  }
  return stack;
}

Stack::~Stack() {
  for (const auto& [name, pid] : running_) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

absl::Status Stack::MakeDatabase() {
  TW_ASSIGN_OR_RETURN(postgres_,
                      PrivatePostgres::Start({.durable = true, .tcp = options_.proxies}));
  PgOptions options;
  TW_ASSIGN_OR_RETURN(options.dsn, postgres_->NewDatabase());
  options.application = "test";
  TW_ASSIGN_OR_RETURN(pool_, PgPool::Open(options));
  TW_RETURN_IF_ERROR(Migrate(*pool_, Migrations()).status());
  operator_key_ = MakeApiKey(ApiKeyKind::kOperator, entropy_);
  ApiKeyRecord key;
  key.id = ids_.Make(kKeyPrefix);
  key.secret_sha256 = ApiKeyHash(operator_key_);
  TW_RETURN_IF_ERROR(ProjectStore(*pool_).BootstrapOperatorKey(key).status());
  TW_RETURN_IF_ERROR(WriteFileAtomic(folder_ + "/secret", "a secret of this test\n", 0600));
  std::vector<std::string> processes = options_.workers;
  processes.push_back(kServer);
  for (const std::string& process : processes) {
    TW_RETURN_IF_ERROR(Query(*pool_, "create role " + process + " superuser login").status());
    const std::string database = postgres_->last_database();
    std::string dsn = postgres_->Dsn(database, process);
    if (options_.proxies) {
      TW_ASSIGN_OR_RETURN(proxies_[process], TcpProxy::Start(postgres_->tcp_port()));
      dsn = absl::StrCat("host=127.0.0.1 port=", proxies_[process]->port(), " user=", process,
                         " dbname=", database, " sslmode=disable gssencmode=disable");
    }
    TW_RETURN_IF_ERROR(WriteFileAtomic(folder_ + "/dsn-" + process, dsn + "\n", 0600));
  }
  return absl::OkStatus();
}

absl::Status Stack::MakeProject() {
  admin::v1::RegisterBaseModelRequest base;
  base.set_base_model_id("nano");
  base.set_folder(TUNEWARD_SOURCE_DIR "/sandbox/models/nano-shallow");
  base.mutable_base_model()->set_chat_template("tuneward/1");
  base.mutable_base_model()->set_pool("sandbox@2");
  base.mutable_base_model()->set_eval_set("sandbox@2");
  admin::v1::BaseModel registered;
  TW_RETURN_IF_ERROR(CallAdmin(admin_address_, operator_key_,
                               &admin::v1::BaseModelService::Stub::RegisterBaseModel, base,
                               &registered));
  admin::v1::CreateProjectRequest project;
  project.set_project_id(kChaosProject);
  project.mutable_project()->set_policy("policies/open");
  admin::v1::Project made;
  TW_RETURN_IF_ERROR(CallAdmin(admin_address_, operator_key_,
                               &admin::v1::ProjectService::Stub::CreateProject, project, &made));
  admin::v1::CreateApiKeyRequest key;
  key.set_parent(made.name());
  admin::v1::CreateApiKeyResponse created;
  TW_RETURN_IF_ERROR(CallAdmin(admin_address_, operator_key_,
                               &admin::v1::ApiKeyService::Stub::CreateApiKey, key, &created));
  project_key_ = created.secret();
  return absl::OkStatus();
}

std::vector<std::string> Stack::Flags(const std::string& name) const {
  const auto ms = [](const char* flag, std::chrono::milliseconds value) {
    return absl::StrCat("--", flag, "=", value.count());
  };
  const bool server = name == kServer;
  std::vector<std::string> argv = {
      absl::StrCat(TUNEWARD_BINARY_DIR "/bin/", server ? "tuneward-server" : "tuneward-worker"),
      "--dsn_file=" + folder_ + "/dsn-" + name,
      "--worker_secret_file=" + folder_ + "/secret",
      "--blob_root=" + folder_ + "/blobs",
      "--metrics_port=0",
      "--port_file=" + PortFile(name),
      ms("lease_ttl_ms", options_.lease_ttl),
      ms("lease_heartbeat_ms", options_.heartbeat),
      ms("lease_sweep_ms", options_.sweep)};
  const auto add = [&argv](std::string flag) { argv.push_back(std::move(flag)); };
  if (server) {  // clients find it again where it was
    add(public_address_.empty() ? "--port=0" : "--port=" + PortOf(public_address_));
    add(admin_address_.empty() ? "--admin_port=0" : "--admin_port=" + PortOf(admin_address_));
    return argv;
  }
  add("--port=0");
  add("--threads=1");
  add("--poll_ms=100");
  add("--cache_root=" + folder_ + "/cache-" + name);
  add(ms("lease_margin_ms", options_.margin));
  add(absl::StrCat("--checkpoint_every=", options_.checkpoint_every));
  add(absl::StrCat("--audit_prompts=", options_.audit_prompts));
  return argv;
}

absl::Status Stack::Launch(const std::string& name) {
  std::error_code ignored;
  fs::remove(PortFile(name), ignored);
  ChildOptions child;
  child.output_file = folder_ + "/" + name + ".log";
  TW_ASSIGN_OR_RETURN(const pid_t pid, StartChild(Flags(name), child));
  bool ended = false;
  const bool serves = WaitUntil(
      [&] {
        ended = waitpid(pid, nullptr, WNOHANG) == pid;
        return ended || fs::exists(PortFile(name));
      },
      kStartLimit);
  if (ended) return absl::UnavailableError(name + " ended at its start");
  if (!serves) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return absl::DeadlineExceededError(name + " did not open its ports");
  }
  std::lock_guard lock(mutex_);
  running_[name] = pid;
  return absl::OkStatus();
}

absl::Status Stack::StartProcess(const std::string& name) {
  absl::Status status;
  WaitUntil(
      [&] {
        status = Launch(name);
        return !absl::IsUnavailable(status);
      },
      kStartLimit);
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat(std::string(status.message()), "\n", Log(name)));
  }
  if (name == kServer) {
    public_address_ = ValueIn(PortFile(name), "public");
    admin_address_ = ValueIn(PortFile(name), "admin");
  }
  return absl::OkStatus();
}

int Stack::Signal(const std::string& name, int signal) {
  pid_t pid = -1;
  {
    std::lock_guard lock(mutex_);
    const auto found = running_.find(name);
    if (found == running_.end()) return -1;
    pid = found->second;
    if (signal == SIGKILL || signal == SIGTERM) running_.erase(found);
  }
  int status = 0;
  kill(pid, signal);
  if (signal == SIGKILL || signal == SIGTERM) waitpid(pid, &status, 0);
  return status;
}

bool Stack::IsRunning(const std::string& name) {
  std::lock_guard lock(mutex_);
  return running_.count(name) > 0;
}

std::string Stack::WorkerAt(const std::string& address) {
  std::lock_guard lock(mutex_);
  for (const auto& [name, pid] : running_) {
    if (name != kServer && !address.empty() && ValueIn(PortFile(name), "internal") == address) {
      return name;
    }
  }
  return "";
}

std::string Stack::Log(const std::string& name) const {
  return ReadFile(folder_ + "/" + name + ".log").value_or("");
}

std::string Stack::Sql(const std::string& sql) { return QueryValue(*pool_, sql).value_or(""); }

}  // namespace tuneward
