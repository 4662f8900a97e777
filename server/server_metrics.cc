#include "server/server_metrics.h"

#include <filesystem>
#include <string_view>

#include "absl/strings/ascii.h"
#include "core/base/log.h"
#include "core/policy/policies.h"

namespace tuneward {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Registry;
const prometheus::Histogram::BucketBoundaries kWaitBuckets = {0.0001, 0.001, 0.005, 0.01, 0.05,
                                                              0.1,    0.5,   1,     5};
const prometheus::Histogram::BucketBoundaries kTaskBuckets = {0.01, 0.05, 0.1, 0.5, 1,
                                                              5,    15,   60,  300};
constexpr TaskKind kKinds[] = {TaskKind::kPlan, TaskKind::kTrain, TaskKind::kAudit};
constexpr TaskState kOpenStates[] = {TaskState::kQueued, TaskState::kRunning};
constexpr Release kReleases[] = {Release::kPending, Release::kReleased, Release::kHeld,
                                 Release::kBlocked};
constexpr const char* kWorkerStates[] = {"ready", "draining"};

template <typename Enum>
std::string Label(Enum value) {
  return absl::AsciiStrToLower(std::string(Name(value)));
}

prometheus::Gauge& AddGauge(Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Counter& AddCounter(Registry& registry, const char* name, const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

// Of a map whose missing keys count nothing.
template <typename Map, typename Key>
double CountOf(const Map& counts, const Key& key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : static_cast<double>(found->second);
}

}  // namespace

ServerMetrics::ServerMetrics()
    : jobs_(BuildGauge().Name("tuneward_jobs").Help("Jobs by state").Register(registry_)),
      tasks_open_(BuildGauge()
                      .Name("tuneward_tasks_open")
                      .Help("Tasks that wait for a process or are with one")
                      .Register(registry_)),
      queue_oldest_(AddGauge(registry_, "tuneward_queue_oldest_seconds",
                             "Age of the oldest task that waits for a process")),
      models_(
          BuildGauge().Name("tuneward_models").Help("Tuned models by release").Register(registry_)),
      workers_(BuildGauge().Name("tuneward_workers").Help("Live workers").Register(registry_)),
      blob_bytes_(
          AddGauge(registry_, "tuneward_blob_bytes", "Bytes of all blobs that the database names")),
      blob_disk_bytes_(AddGauge(registry_, "tuneward_blob_disk_bytes",
                                "Size of the file system that holds the blobs")),
      blob_disk_free_(AddGauge(registry_, "tuneward_blob_disk_free_bytes",
                               "What this process may still write on it")),
      rows_mixed_(BuildCounter()
                      .Name("tuneward_policy_rows_mixed_total")
                      .Help("Rows that plans of this process mix in")
                      .Register(registry_)),
      released_(BuildCounter()
                    .Name("tuneward_release_total")
                    .Help("Release verdicts: operators' here, gates' on workers")
                    .Register(registry_)),
      task_seconds_(BuildHistogram()
                        .Name("tuneward_task_seconds")
                        .Help("Time from claim to end of a task, in this process")
                        .Register(registry_)
                        .Add({{"kind", "plan"}}, kTaskBuckets)),
      lease_lost_(AddCounter(registry_, "tuneward_lease_lost_total",
                             "Expired leases that this process took back")),
      pool_wait_(BuildHistogram()
                     .Name("tuneward_db_pool_wait_seconds")
                     .Help("Wait for a database connection")
                     .Register(registry_)
                     .Add({}, kWaitBuckets)),
      upload_bytes_(
          AddCounter(registry_, "tuneward_upload_bytes_total", "Bytes of registered files")),
      refresh_failed_(AddCounter(registry_, "tuneward_metrics_refresh_failed_total",
                                 "Times that the gauges could not be read and show old values")) {
  Show(Gauges{});
  for (const MixMethod* method : MixMethods()) {
    rows_mixed_.Add({{"method", std::string(method->name())}});
  }
  for (const Release verdict : kReleases) {
    if (verdict != Release::kPending) released_.Add({{"verdict", Label(verdict)}});
  }
}

void ServerMetrics::Show(const Gauges& gauges) {
  for (const JobState state : AllJobStates()) {
    jobs_.Add({{"state", Label(state)}}).Set(CountOf(gauges.jobs, state));
  }
  for (const TaskKind kind : kKinds) {
    for (const TaskState state : kOpenStates) {
      tasks_open_.Add({{"kind", Label(kind)}, {"state", Label(state)}})
          .Set(CountOf(gauges.open_tasks, std::pair(kind, state)));
    }
  }
  queue_oldest_.Set(gauges.oldest_ready_seconds);
  for (const Release release : kReleases) {
    models_.Add({{"release", Label(release)}}).Set(CountOf(gauges.models, release));
  }
  for (const char* state : kWorkerStates) {
    workers_.Add({{"state", state}}).Set(CountOf(gauges.workers, std::string(state)));
  }
  blob_bytes_.Set(static_cast<double>(gauges.blob_bytes));
}

void ServerMetrics::ShowDisk(const std::string& blob_root) {
  std::error_code error;
  const std::filesystem::space_info disk = std::filesystem::space(blob_root, error);
  if (error) return;
  blob_disk_bytes_.Set(static_cast<double>(disk.capacity));
  blob_disk_free_.Set(static_cast<double>(disk.available));
}

void ServerMetrics::Refresh(GaugeStore& store, const std::string& blob_root) {
  ShowDisk(blob_root);
  const auto gauges = store.Read();
  if (gauges.ok()) {
    Show(*gauges);
    return;
  }
  refresh_failed_.Increment();
  LogWarning("the gauges of /metrics are old", {{"error", gauges.status().ToString()}});
}

void ServerMetrics::RowsMixed(const std::string& method, int64_t rows) {
  rows_mixed_.Add({{"method", method}}).Increment(static_cast<double>(rows));
}
void ServerMetrics::Released(Release verdict) {
  released_.Add({{"verdict", Label(verdict)}}).Increment();
}
void ServerMetrics::TaskDone(double seconds) { task_seconds_.Observe(seconds); }
void ServerMetrics::LeaseLost() { lease_lost_.Increment(); }
void ServerMetrics::PoolWait(double seconds) { pool_wait_.Observe(seconds); }
void ServerMetrics::Uploaded(int64_t bytes) { upload_bytes_.Increment(static_cast<double>(bytes)); }

}  // namespace tuneward
