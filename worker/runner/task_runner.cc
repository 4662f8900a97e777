#include "worker/runner/task_runner.h"

#include <algorithm>
#include <new>

#include "core/base/log.h"
#include "worker/runner/fenced_write.h"

namespace tuneward {
namespace {

constexpr char kSucceeded[] = "succeeded", kFailed[] = "failed", kCancelled[] = "cancelled",
               kDrained[] = "drained", kInterrupted[] = "interrupted", kLeaseLost[] = "lease_lost";

constexpr std::chrono::milliseconds kHandBackEvery(250);
constexpr std::chrono::seconds kChatGrace(5);  // for generations that run when the worker stops

bool IsLeaseLost(const absl::Status& status) { return GetErrorInfo(status).reason == "LEASE_LOST"; }

// An exception in a task must not take the worker and its chats along. Memory that ran out is the
// one that is expected.
template <typename Body>
absl::Status Guarded(const Body& body) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory");
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

}  // namespace

OwnedLogFields FieldsOf(const ClaimedTask& task) {
  return {{"job", task.job_id},
          {"task", task.lease.task_id},
          {"project", task.project_id},
          {"trace_id", task.trace_id}};
}

TaskRunner::TaskRunner(RunnerSettings settings, Parts parts, std::vector<TaskHandler*> handlers)
    : settings_(std::move(settings)), parts_(parts), handlers_(std::move(handlers)) {
  for (const TaskHandler* handler : handlers_) kinds_.push_back(handler->kind());
}

TaskRunner::~TaskRunner() { Stop(); }

void TaskRunner::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void TaskRunner::Stop() {
  stopping_ = true;
  parts_.keeper.StopTasks(StopReason::kDrain);
  parts_.decode.Close();
  if (thread_.joinable()) thread_.join();
}

void TaskRunner::Loop() {
  while (!stopping_) {
    if (back_off_.count() > 0) parts_.decode.RunIdle(back_off_);
    if (!RunOnce() && !stopping_) parts_.decode.RunIdle(settings_.poll);
  }
  parts_.decode.FinishRunning(kChatGrace);
}

TaskHandler* TaskRunner::HandlerOf(TaskKind kind) const {
  for (TaskHandler* handler : handlers_) {
    if (handler->kind() == kind) return handler;
  }
  return nullptr;
}

bool TaskRunner::RunOnce() {
  if (kinds_.empty()) return false;
  const Clock::MonoTime asked_at = parts_.clock.Monotonic();
  const auto claimed =
      parts_.tasks.Claim(settings_.worker_id, kinds_, settings_.lease_ttl, claim_in_doubt_);
  claim_in_doubt_ = absl::IsUnavailable(claimed.status());
  if (!claimed.ok()) {
    LogWarning("claim failed", {{"error", std::string(claimed.status().message())}});
    return false;
  }
  if (!claimed->has_value()) return false;
  TaskHandler* handler = HandlerOf((*claimed)->kind);
  TW_CHECK(handler != nullptr);
  std::vector<Running> tasks;
  tasks.push_back({**std::move(claimed), asked_at, nullptr});
  if (handler->max_together() > 1) AddBeside(*handler, tasks);
  interrupted_ = false;
  Run(*handler, tasks);
  back_off_ = !interrupted_            ? std::chrono::milliseconds(0)
              : back_off_.count() == 0 ? settings_.poll
                                       : std::min(back_off_ * 2, settings_.max_back_off);
  return true;
}

void TaskRunner::AddBeside(TaskHandler& handler, std::vector<Running>& tasks) {
  const Clock::MonoTime asked_at = parts_.clock.Monotonic();
  auto more = parts_.tasks.ClaimBeside(settings_.worker_id, tasks.front().task,
                                       handler.max_together() - 1, settings_.lease_ttl);
  if (!more.ok()) {
    claim_in_doubt_ |= absl::IsUnavailable(more.status());
    LogWarning("claim beside a task failed", {{"error", std::string(more.status().message())}});
    return;
  }
  for (ClaimedTask& task : *more) tasks.push_back({std::move(task), asked_at, nullptr});
}

void TaskRunner::Run(TaskHandler& handler, std::vector<Running>& tasks) {
  std::vector<HeldTask> held;
  std::vector<Running*> running;
  for (Running& one : tasks) {
    const LogScope scope(FieldsOf(one.task));
    LogInfo("task claimed", {{"kind", std::string(Name(one.task.kind))},
                             {"fence", std::to_string(one.task.lease.fence)},
                             {"together", std::to_string(tasks.size())}});
    one.control = parts_.keeper.Hold(one.task.lease, one.asked_at);
    if (one.task.cancel_requested) one.control->RequestStop(StopReason::kCancel);
    if (stopping_) one.control->RequestStop(StopReason::kDrain);
    if (one.control->ShouldStop()) {
      End(handler, one, absl::CancelledError("stopped before it began"));
      continue;
    }
    held.push_back({&one.task, one.control.get()});
    running.push_back(&one);
  }
  if (running.empty()) return;
  if (running.size() == 1) {
    const LogScope scope(FieldsOf(running[0]->task));
    End(handler, *running[0],
        Guarded([&] { return handler.Run(*held[0].task, *held[0].control); }));
    return;
  }
  const absl::Status status = Guarded([&] {
    handler.RunTogether(held, [&](size_t i, const absl::Status& ended) {
      const LogScope scope(FieldsOf(running[i]->task));
      End(handler, *running[i], ended);
    });
    return absl::OkStatus();
  });
  for (Running* one : running) {
    if (one->ended) continue;
    TW_CHECK(!status.ok());  // an exception: the handler ends every task otherwise
    const LogScope scope(FieldsOf(one->task));
    End(handler, *one, status);
  }
}

void TaskRunner::End(TaskHandler& handler, Running& running, const absl::Status& status) {
  TW_CHECK(!running.ended);
  running.ended = true;
  const ClaimedTask& task = running.task;
  const std::string outcome = Settle(task, handler, *running.control, status);
  parts_.keeper.Release(task.lease);
  interrupted_ |= outcome == kInterrupted;
  const std::string kind(Name(task.kind));
  const std::chrono::duration<double> took = parts_.clock.Monotonic() - running.asked_at;
  parts_.metrics.TaskDone(kind, outcome, took.count());
  if (outcome == kLeaseLost) LogError("lease lost", {{"fence", std::to_string(task.lease.fence)}});
  LogInfo("task ended",
          {{"kind", kind}, {"outcome", outcome}, {"seconds", std::to_string(took.count())}});
}

// A database that was away for longer than a lease gives the task to nobody: then it is still held,
// and giving it back makes the absence an interruption instead of a death (contracts.md A23).
bool TaskRunner::HandBack(const ClaimedTask& task) {
  for (;;) {
    const absl::Status status = parts_.tasks.Drain(task.lease);
    if (!absl::IsUnavailable(status) || stopping_) return status.ok();
    parts_.decode.RunIdle(kHandBackEvery);
  }
}

std::string TaskRunner::Settle(const ClaimedTask& task, TaskHandler& handler,
                               const TaskControl& control, const absl::Status& status) {
  if (status.ok()) return kSucceeded;
  const StopReason reason = control.stop_reason();
  if (reason == StopReason::kLeaseLost || IsLeaseLost(status)) {
    return HandBack(task) ? kInterrupted : kLeaseLost;
  }
  const char* outcome = kFailed;
  absl::Status written;
  if (reason == StopReason::kCancel) {
    outcome = kCancelled;
    written = WriteWhileHeld(control, [&] { return parts_.transitions.JobCancelled(task.lease); });
  } else if (reason == StopReason::kDrain || absl::IsUnavailable(status) ||
             absl::IsCancelled(status)) {
    outcome = reason == StopReason::kDrain ? kDrained : kInterrupted;
    if (reason != StopReason::kDrain) {
      LogWarning("task interrupted", {{"error", status.ToString()}});
    }
    written = WriteWhileHeld(control, [&] { return parts_.tasks.Drain(task.lease); });
  } else {
    LogError("task failed", {{"error", status.ToString()}});
    written = WriteWhileHeld(control, [&] { return handler.Fail(task, status); });
  }
  if (written.ok()) return outcome;
  // The lease then runs out, and the sweep takes the task back.
  LogError("a task's end was not stored", {{"error", written.ToString()}});
  return kLeaseLost;
}

}  // namespace tuneward
