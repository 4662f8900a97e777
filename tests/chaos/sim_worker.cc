#include "tests/chaos/sim_worker.h"

#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

constexpr std::chrono::seconds kTtl{20};

KeeperSettings AsInstalled() { return {}; }

RunnerSettings SettingsOf(const std::string& name) {
  RunnerSettings settings;
  settings.worker_id = name;
  settings.lease_ttl = kTtl;
  return settings;
}

BlobRef BlobOf(const std::string& text) {
  return {Sha256Of(text), static_cast<int64_t>(text.size())};
}

absl::StatusOr<std::unique_ptr<DecodeBatch>> NothingToDecode(const std::string&) {
  return absl::UnimplementedError("nobody chats here");
}

}  // namespace

std::string CheckpointText(int64_t fence, int64_t step) {
  return absl::StrCat("checkpoint ", step, " of ", fence);
}
std::string AdapterText(int64_t fence) { return absl::StrCat("adapter of ", fence); }

void Baton::Pass() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_ || closed_; });
  if (closed_) return;
  threads_turn_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !threads_turn_; });
}

bool Baton::Take() {
  std::unique_lock lock(mutex_);
  if (free_) return !closed_;
  threads_turn_ = false;
  waiting_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return threads_turn_ || closed_; });
  waiting_ = false;
  return !closed_;
}

void Baton::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  threads_turn_ = false;
  changed_.notify_all();
}

SimWorker::SimWorker(const std::string& name, const SimStyle& style, TaskStore& tasks,
                     TransitionStore& transitions)
    : style_(style),
      transitions_(transitions),
      decode_(clock_, NothingToDecode),
      keeper_(AsInstalled(), clock_,
              LeaseKeeper::Calls{[&tasks](const TaskLease& lease, const Json& progress) {
                                   return tasks.Heartbeat(lease, kTtl, progress);
                                 },
                                 [] { return absl::OkStatus(); }}),
      runner_(SettingsOf(name),
              TaskRunner::Parts{clock_, tasks, transitions, keeper_, decode_, metrics_}, {this}),
      baton_(style.free_running),
      thread_([this] {
        while (baton_.Take()) runner_.RunOnce();
      }) {}

SimWorker::~SimWorker() { Finish(); }

void SimWorker::Finish() {
  baton_.Close();
  if (thread_.joinable()) thread_.join();
}

std::optional<TaskLease> SimWorker::lease() const {
  std::lock_guard lock(mutex_);
  return lease_;
}

absl::Status SimWorker::Run(const ClaimedTask& task, TaskControl& control) {
  {
    std::lock_guard lock(mutex_);
    lease_ = task.lease;
  }
  const absl::Status status = Train(task, control);
  // What the runner still writes to settle the end is part of this turn.
  std::lock_guard lock(mutex_);
  lease_.reset();
  return status;
}

absl::Status SimWorker::Fail(const ClaimedTask& task, const absl::Status& why) {
  return transitions_.TrainFailed(task.lease, {"diverged", "", std::string(why.message())});
}

absl::Status SimWorker::StoreAdapter(const ClaimedTask& task) {
  const BlobRef adapter = BlobOf(AdapterText(task.lease.fence));
  ModelRecord model;
  model.id = "ft:nano-1:acme:x:" + task.job_id;
  model.base_model_id = model.root_base_id = "nano-1";
  model.tree_sha256 = adapter.sha256;
  const NextTask audit{absl::StrCat("task-audit-", task.job_id, "-", task.lease.fence)};
  const absl::Status status = transitions_.AdapterStored(task.lease, model, {adapter}, 1, audit);
  if (status.ok()) ++adapters_stored_;
  return status;
}

absl::Status SimWorker::Train(const ClaimedTask& task, const TaskControl& control) {
  absl::Status last = absl::OkStatus();
  // The look at the control comes before the turn is given away, the write after it.
  const auto write = [&](const std::function<absl::Status()>& change) {
    if (!style_.stubborn && control.ShouldStop()) return false;
    if (!baton_.Take()) return false;
    const absl::Status status = change();
    if (!status.ok()) last = status;
    return status.ok() || style_.stubborn;
  };
  bool going = write([&] { return transitions_.FirstStep(task.lease); });
  for (int64_t step = 1; going && step <= style_.steps; ++step) {
    going = write([&] {
      return transitions_.Append(task.lease, {{kLevelInfo, kEventMessage, "a step"}},
                                 {{step, {{"step", step}}}});
    });
    going = going && write([&] {
              const BlobRef tree = BlobOf(CheckpointText(task.lease.fence, step));
              return transitions_.CheckpointStored(task.lease, step, tree.sha256, {tree});
            });
  }
  if (going && style_.fails) return absl::OutOfRangeError("the loss is not finite");
  going = going && write([&] { return StoreAdapter(task); });
  if (!last.ok()) return last;
  return going ? absl::OkStatus() : absl::CancelledError("stopped");
}

}  // namespace tuneward
