// A whole installation of real processes for tests that kill them: a durable PostgreSQL of its own,
// one server, workers, a blob store, the committed nano model, one project under the policy `open`.
// Leases are short. Each process has a database role of its own name, so that a connection can be
// told from another's. What died is started again by the test. One thread starts and kills; the
// rest is thread-safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/store/blob/blob_store.h"
#include "core/store/pg/pool.h"
#include "tests/chaos/api_client.h"
#include "tests/support/private_postgres.h"
#include "tests/support/tcp_proxy.h"

namespace tuneward {

inline constexpr char kServer[] = "server";
inline constexpr char kWorkerA[] = "worker_a";
inline constexpr char kWorkerB[] = "worker_b";
inline constexpr char kChaosProject[] = "acme";

struct StackOptions {
  std::vector<std::string> workers = {kWorkerA, kWorkerB};
  bool proxies = false;  // each process reaches PostgreSQL through a TcpProxy of its own
  int checkpoint_every = 3;
  int audit_prompts = 2;
  std::chrono::milliseconds lease_ttl{3000}, heartbeat{300}, margin{1000}, sweep{100};
};

class Stack {
 public:
  // NOT_FOUND where PostgreSQL is missing. Everything runs when it returns.
  static absl::StatusOr<std::unique_ptr<Stack>> Start(const StackOptions& options = {});
  ~Stack();

  const StackOptions& options() const { return options_; }
  PrivatePostgres& postgres() { return *postgres_; }
  PgPool& pool() { return *pool_; }
  BlobStore& blobs() { return *blobs_; }
  TcpProxy& proxy(const std::string& process) { return *proxies_.at(process); }
  ApiClient NewClient() const { return ApiClient(public_address_, project_key_, kChaosProject); }

  // Until the process serves; tries again where PostgreSQL is away.
  absl::Status StartProcess(const std::string& name);
  // Sends the signal; with SIGKILL and SIGTERM also waits for the end. The wait status.
  int Signal(const std::string& name, int signal);
  bool IsRunning(const std::string& name);
  // The worker process that listens there; empty: none that runs.
  std::string WorkerAt(const std::string& address);
  std::string Log(const std::string& name) const;
  // "" on an error, as when PostgreSQL is away.
  std::string Sql(const std::string& sql);

 private:
  explicit Stack(const StackOptions& options) : options_(options) {}
  absl::Status MakeDatabase();
  absl::Status MakeProject();
  absl::Status Launch(const std::string& name);
  std::vector<std::string> Flags(const std::string& name) const;
  std::string PortFile(const std::string& name) const { return folder_ + "/ports-" + name; }

  const StackOptions options_;
  SystemClock clock_;
  SystemEntropy entropy_;
  IdGenerator ids_{clock_, entropy_};
  std::string folder_, operator_key_, project_key_, public_address_, admin_address_;
  std::unique_ptr<PrivatePostgres> postgres_;
  std::map<std::string, std::unique_ptr<TcpProxy>> proxies_;
  std::unique_ptr<PgPool> pool_;
  std::unique_ptr<BlobStore> blobs_;
  std::mutex mutex_;
  std::map<std::string, pid_t> running_;  // under mutex
};

// Looks every few milliseconds; false: not within `limit`.
bool WaitUntil(const std::function<bool()>& condition,
               std::chrono::milliseconds limit = std::chrono::seconds(60));

}  // namespace tuneward
