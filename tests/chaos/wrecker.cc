#include "tests/chaos/wrecker.h"

#include <signal.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/support/sql.h"

namespace tuneward {
namespace {

constexpr std::chrono::seconds kAimLimit{20};  // for a moment to come
constexpr std::chrono::seconds kRecoveryLimit{30};
constexpr int kPausedMillis = 600;  // at most, before what died is started again
constexpr int kPostgresAwayMillis = 800;

}  // namespace

std::string_view Name(Blow blow) {
  switch (blow) {
    case Blow::kWorker:
      return "worker";
    case Blow::kWorkerTraining:
      return "worker in training";
    case Blow::kWorkerAdapterRow:
      return "worker between adapter and row";
    case Blow::kWorkerAudit:
      return "worker in audit";
    case Blow::kServer:
      return "server";
    case Blow::kServerUpload:
      return "server in upload";
    case Blow::kServerCreate:
      return "server in create";
    case Blow::kBackendEnd:
      return "connection";
    case Blow::kBackendKill:
      return "backend";
    case Blow::kPostmaster:
      return "postmaster";
  }
  return "";
}

Wrecker::Wrecker(Stack& stack, WorkLoad& load, uint64_t seed)
    : stack_(stack), load_(load), random_(seed, "chaos") {}

void Wrecker::Pause(int max_millis) {
  const uint64_t millis = random_.Below(static_cast<uint64_t>(max_millis));
  std::this_thread::sleep_for(std::chrono::milliseconds(millis));
}

absl::StatusOr<Struck> Wrecker::Strike(Blow blow) {
  ApiClient client = stack_.NewClient();
  const Outcome outcome = Hit(blow);
  Struck struck{blow, outcome.aimed, -1};
  if (blow == Blow::kPostmaster) {
    Pause(kPostgresAwayMillis);
    TW_RETURN_IF_ERROR(stack_.postgres().Restart());
  }
  if (!outcome.killed.empty()) {
    Pause(kPausedMillis);
    TW_RETURN_IF_ERROR(stack_.StartProcess(outcome.killed));
  }
  if (!WaitUntil([&] { return WentOn(outcome, client); }, kRecoveryLimit)) {
    return absl::InternalError(
        absl::StrCat("after a blow to the ", std::string(Name(blow)), " nothing went on for 30 s"));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - struck_at_;
  const bool idle_worker =
      !outcome.killed.empty() && outcome.killed != kServer && outcome.task.id.empty();
  if (!idle_worker) struck.recovery_seconds = took.count();
  return struck;
}

Wrecker::Outcome Wrecker::Hit(Blow blow) {
  switch (blow) {
    case Blow::kWorker:
      return KillWorker();
    case Blow::kWorkerTraining:
      return KillWorkerIn("train", "TRAINING");
    case Blow::kWorkerAdapterRow:
      return KillWorkerBeforeRow();
    case Blow::kWorkerAudit:
      return KillWorkerIn("audit", "AUDITING");
    case Blow::kServer:
      Pause(1000);
      KillNow(kServer);
      return {true, kServer, {}};
    case Blow::kServerUpload:
      return KillServerInUpload();
    case Blow::kServerCreate:
      return KillServerInCreate();
    case Blow::kBackendEnd:
      return {KillBackend(true), "", {}};
    case Blow::kBackendKill:
      return {KillBackend(false), "", {}};
    case Blow::kPostmaster:
      return {KillPostmaster(), "", {}};
  }
  return {};
}

Wrecker::TaskAt Wrecker::FindTask(const std::string& kind, const std::string& stage) {
  const auto rows =
      Query(stack_.pool(),
            absl::StrCat(
                "select t.id, t.fence, w.address from tasks t join workers w on w.id = t.worker_id "
                "join jobs j on j.id = t.job_id where t.state = 'running' and t.deaths < 2 and "
                "t.kind = '",
                kind, "' and j.stage = '", stage, "' order by t.id"));
  if (!rows.ok()) return {};
  for (const auto& row : *rows) {
    const std::string worker = stack_.WorkerAt(row[2]);
    if (!worker.empty()) return {row[0], row[1], worker};
  }
  return {};
}

Wrecker::TaskAt Wrecker::TaskOf(const std::string& worker, bool* may_die) {
  *may_die = false;
  const auto rows = Query(stack_.pool(),
                          "select t.id, t.fence, w.address, t.deaths from tasks t join workers w "
                          "on w.id = t.worker_id where t.state = 'running'");
  if (!rows.ok()) return {};
  for (const auto& row : *rows) {
    if (stack_.WorkerAt(row[2]) != worker) continue;
    *may_die = row[3] != "2";
    return {row[0], row[1], worker};
  }
  *may_die = true;
  return {"", "", worker};
}

void Wrecker::KillNow(const std::string& process) {
  struck_at_ = std::chrono::steady_clock::now();
  stack_.Signal(process, SIGKILL);
}

Wrecker::Outcome Wrecker::Kill(const TaskAt& task) {
  KillNow(task.worker);
  return {true, task.worker, task};
}

Wrecker::Outcome Wrecker::KillWorker() {
  const std::string worker = random_.Pick(stack_.options().workers);
  Pause(1000);
  TaskAt task;
  bool may_die = false;
  WaitUntil([&] { return task = TaskOf(worker, &may_die), may_die; }, kAimLimit);
  if (!may_die) return {false, "", {}};
  return Kill(task);
}

Wrecker::Outcome Wrecker::KillWorkerIn(const std::string& kind, const std::string& stage) {
  TaskAt task;
  if (!WaitUntil([&] { return !(task = FindTask(kind, stage)).id.empty(); }, kAimLimit)) {
    Outcome outcome = KillWorker();
    outcome.aimed = false;
    return outcome;
  }
  Pause(400);
  return Kill(task);
}

bool Wrecker::WaitsFor(const std::string& process, const std::string& table) {
  return stack_.Sql(
             "select count(*) from pg_locks l join pg_stat_activity a on a.pid = l.pid where "
             "not l.granted and l.relation = '" +
             table + "'::regclass and a.usename = '" + process +
             "' and a.query like '%insert into " + table + "%'") == "1";
}

Wrecker::Outcome Wrecker::KillWorkerBeforeRow() {
  Outcome outcome{false, "", {}};
  // The blobs are stored before the transaction, which then stops at the row of the model.
  const absl::Status held = WhileHolding(stack_.pool(), "lock table models in share mode", [&] {
    WaitUntil(
        [&] {
          for (const std::string& worker : stack_.options().workers) {
            if (!stack_.IsRunning(worker) || !WaitsFor(worker, "models")) continue;
            bool may_die = false;
            const TaskAt task = TaskOf(worker, &may_die);
            if (may_die && !task.id.empty()) outcome = Kill(task);
            return true;
          }
          return false;
        },
        kAimLimit);
  });
  if (held.ok() && !outcome.killed.empty()) return outcome;
  if (outcome.killed.empty()) outcome = KillWorker();
  outcome.aimed = false;
  return outcome;
}

Wrecker::Outcome Wrecker::KillServerInUpload() {
  std::atomic<bool> half{false}, killed{false};
  std::thread client([&] {
    AskHooks hooks;
    hooks.upload_half_way = [&] {
      half = true;
      WaitUntil([&] { return killed.load(); });
    };
    load_.Submit(hooks);
  });
  const bool reached = WaitUntil([&] { return half.load(); }, kAimLimit);
  KillNow(kServer);
  killed = true;
  // The client repeats its upload until it is acknowledged.
  const absl::Status started = stack_.StartProcess(kServer);
  client.join();
  return {reached && started.ok(), started.ok() ? "" : kServer, {}};
}

Wrecker::Outcome Wrecker::KillServerInCreate() {
  // The first row of the transaction, or one in its middle.
  const std::string table = random_.Pick(std::vector<std::string>{"idempotency", "jobs"});
  std::atomic<bool> uploaded{false}, held{false};
  bool reached = false;
  std::thread client([&] {
    AskHooks hooks;
    hooks.uploaded = [&] {
      uploaded = true;
      WaitUntil([&] { return held.load(); });
    };
    load_.Submit(hooks);
  });
  WaitUntil([&] { return uploaded.load(); }, kAimLimit);
  const absl::Status status =
      WhileHolding(stack_.pool(), "lock table " + table + " in share mode", [&] {
        held = true;
        reached = WaitUntil([&] { return WaitsFor(kServer, table); }, kAimLimit);
        KillNow(kServer);
      });
  held = true;
  if (!status.ok()) KillNow(kServer);
  const absl::Status started = stack_.StartProcess(kServer);
  client.join();
  return {reached && started.ok(), started.ok() ? "" : kServer, {}};
}

bool Wrecker::KillBackend(bool politely) {
  Pause(1000);
  const auto rows = Query(stack_.pool(),
                          "select pid from pg_stat_activity where usename <> 'tuneward' and "
                          "backend_type = 'client backend' order by pid");
  if (!rows.ok() || rows->empty()) return false;
  const std::string pid = random_.Pick(*rows)[0];
  struck_at_ = std::chrono::steady_clock::now();
  if (politely) return stack_.Sql("select pg_terminate_backend(" + pid + ")") == "t";
  return kill(std::stoi(pid), SIGKILL) == 0;
}

bool Wrecker::KillPostmaster() {
  Pause(1000);
  struck_at_ = std::chrono::steady_clock::now();
  return stack_.postgres().Crash().ok();
}

bool Wrecker::WentOn(const Outcome& outcome, ApiClient& client) {
  if (outcome.task.id.empty()) {
    return client.ListJobs().ok() && !stack_.Sql("select 1").empty();
  }
  const std::string now = stack_.Sql(
      "select case when state = 'queued' or (state = 'running' and fence = " + outcome.task.fence +
      ") then 'no' else 'yes' end from tasks "
      "where id = '" +
      outcome.task.id + "'");
  return now == "yes";
}

}  // namespace tuneward
