// Every metric of the worker process and its name, in one place. Labels are of low cardinality:
// never a job, user or file. docs/operations/metrics.md lists them. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "core/job/release.h"

namespace tuneward {

class WorkerMetrics {
 public:
  // What may be a label is known beforehand and is there at 0 from the start: a counter that
  // appears with its first event hides that event from Prometheus's increase().
  explicit WorkerMetrics(prometheus::Registry& registry);

  void TaskDone(const std::string& kind, const std::string& outcome, double seconds);
  void LeaseLost() { lease_lost_.Increment(); }
  void TrainStep(int64_t tokens, double tokens_per_second, double loss);
  void AuditAsr(const std::string& set, const std::string& wrapper, double rate);
  void Released(Release verdict);  // by the gate
  void Generated(const std::string& code, double seconds, size_t tokens);
  void DecodeStep(size_t rows);
  // Prompts that were run, and what is kept of them all now.
  void Prompts(int64_t tokens, int64_t reused, int64_t kept_bytes);
  void PoolWait(double seconds) { pool_wait_.Observe(seconds); }
  void GpuMemory(int64_t bytes);  // the gauge is there from the first call on

 private:
  prometheus::Family<prometheus::Histogram>& task_seconds_;
  prometheus::Family<prometheus::Counter>& tasks_;
  prometheus::Counter& lease_lost_;
  prometheus::Counter& train_tokens_;
  prometheus::Gauge& train_rate_;
  prometheus::Gauge& train_loss_;
  prometheus::Family<prometheus::Histogram>& audit_asr_;
  prometheus::Family<prometheus::Counter>& release_;
  prometheus::Family<prometheus::Counter>& generate_;
  prometheus::Histogram& generate_seconds_;
  prometheus::Counter& generate_tokens_;
  prometheus::Histogram& decode_rows_;
  prometheus::Counter& prompt_tokens_;
  prometheus::Counter& prompt_tokens_reused_;
  prometheus::Gauge& prefix_cache_bytes_;
  prometheus::Histogram& pool_wait_;
  prometheus::Family<prometheus::Gauge>& gpu_memory_;
};

}  // namespace tuneward
