// Every metric of the worker process, in one place. Labels are of low cardinality: never a job,
// user or file. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace tuneward {

class WorkerMetrics {
 public:
  explicit WorkerMetrics(prometheus::Registry& registry);

  void TaskDone(const std::string& kind, const std::string& outcome, double seconds);
  void LeaseLost() { lease_lost_.Increment(); }
  void TrainStep(int64_t tokens, double tokens_per_second, double loss);
  void AuditAsr(const std::string& set, const std::string& wrapper, double rate);
  void Released(const std::string& verdict);
  void Generated(const std::string& code, double seconds, size_t tokens);

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
};

}  // namespace tuneward
