// The server's metrics and their names: gauges are read from the database when /metrics is asked,
// the rest is counted where it happens. Labels: states, kinds, verdicts, methods; never a job, user
// or file. docs/operations/metrics.md lists them. Thread-safe.
#pragma once

#include <string>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "core/job/release.h"
#include "core/store/pg/gauge_store.h"

namespace tuneward {

class ServerMetrics {
 public:
  // What may be a label is known beforehand and is there at 0 from the start: a counter that
  // appears with its first event hides that event from Prometheus's increase().
  ServerMetrics();
  prometheus::Registry& registry() { return registry_; }

  void Refresh(GaugeStore& store, const std::string& blob_root);  // every gauge
  void RowsMixed(const std::string& method, int64_t rows);
  void Released(Release verdict);  // by operators; gates count in their workers
  void TaskDone(double seconds);   // plan tasks
  void LeaseLost();
  void PoolWait(double seconds);
  void Uploaded(int64_t bytes);

 private:
  void Show(const Gauges& gauges);
  void ShowDisk(const std::string& blob_root);

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Gauge>& jobs_;
  prometheus::Family<prometheus::Gauge>& tasks_open_;
  prometheus::Gauge& queue_oldest_;
  prometheus::Family<prometheus::Gauge>& models_;
  prometheus::Family<prometheus::Gauge>& workers_;
  prometheus::Gauge& blob_bytes_;
  prometheus::Gauge& blob_disk_bytes_;
  prometheus::Gauge& blob_disk_free_;
  prometheus::Family<prometheus::Counter>& rows_mixed_;
  prometheus::Family<prometheus::Counter>& released_;
  prometheus::Histogram& task_seconds_;
  prometheus::Counter& lease_lost_;
  prometheus::Histogram& pool_wait_;
  prometheus::Counter& upload_bytes_;
  prometheus::Counter& refresh_failed_;
};

}  // namespace tuneward
