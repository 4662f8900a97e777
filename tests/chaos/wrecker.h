// Kills parts of a running stack at chosen or random moments, starts again what died, and measures
// how long the rest took to go on. Every draw comes from the seed. Moments that last only
// milliseconds are held open from outside, by a table lock at which the process must wait. The
// thread that made it calls Strike.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "tests/chaos/work_load.h"

namespace tuneward {

enum class Blow {
  kWorker,            // kill -9, at any moment
  kWorkerTraining,    // between two steps
  kWorkerAdapterRow,  // the adapter's blobs are stored, its row is not
  kWorkerAudit,
  kServer,
  kServerUpload,  // half of an upload has arrived
  kServerCreate,  // in the transaction that creates a job
  kBackendEnd,    // pg_terminate_backend of one connection
  kBackendKill,   // kill -9 of one backend: PostgreSQL restarts all of them
  kPostmaster,    // kill -9, and a start after a while
};
inline constexpr std::array kBlows = {
    Blow::kWorker,      Blow::kWorkerTraining, Blow::kWorkerAdapterRow, Blow::kWorkerAudit,
    Blow::kServer,      Blow::kServerUpload,   Blow::kServerCreate,     Blow::kBackendEnd,
    Blow::kBackendKill, Blow::kPostmaster};
std::string_view Name(Blow blow);

struct Struck {
  Blow blow = Blow::kWorker;
  bool aimed = true;             // false: the moment did not come, and the blow fell at any moment
  double recovery_seconds = -1;  // until the service or the task went on; -1: it had nothing to do
};

class Wrecker {
 public:
  Wrecker(Stack& stack, WorkLoad& load, uint64_t seed);

  // One blow and the recovery from it. INTERNAL when what died could not be started again or the
  // rest did not go on within half a minute.
  absl::StatusOr<Struck> Strike(Blow blow);

 private:
  struct TaskAt {
    std::string id, fence, worker;  // the process's name
  };
  struct Outcome {
    bool aimed = true;
    std::string killed;  // a process to start again; empty: none
    TaskAt task;         // that lost its worker; empty: none
  };
  Outcome Hit(Blow blow);
  Outcome KillWorker();
  Outcome KillWorkerIn(const std::string& kind, const std::string& stage);
  Outcome KillWorkerBeforeRow();
  Outcome KillServerInUpload();
  Outcome KillServerInCreate();
  bool KillPostmaster();
  bool KillBackend(bool politely);
  // A running task that may lose one more worker without being stopped for it.
  TaskAt FindTask(const std::string& kind, const std::string& stage);
  // Of a worker that may lose its task, or has none.
  TaskAt TaskOf(const std::string& worker, bool* may_die);
  Outcome Kill(const TaskAt& task);
  void KillNow(const std::string& process);
  // Whether the process waits to insert a row into that table.
  bool WaitsFor(const std::string& process, const std::string& table);
  bool WentOn(const Outcome& outcome, ApiClient& client);
  void Pause(int max_millis);

  Stack& stack_;
  WorkLoad& load_;
  RandomStream random_;
  std::chrono::steady_clock::time_point struck_at_{};
};

}  // namespace tuneward
