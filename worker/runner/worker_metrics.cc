#include "worker/runner/worker_metrics.h"

#include "absl/strings/ascii.h"

namespace tuneward {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets& TaskBuckets() {
  static const Buckets& buckets =
      *new Buckets{0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600};
  return buckets;
}

const Buckets& RateBuckets() {
  static const Buckets& buckets =
      *new Buckets{0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1};
  return buckets;
}

const Buckets& WaitBuckets() {
  static const Buckets& buckets = *new Buckets{0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5};
  return buckets;
}

std::string Label(Release verdict) { return absl::AsciiStrToLower(std::string(Name(verdict))); }

}  // namespace

WorkerMetrics::WorkerMetrics(prometheus::Registry& registry)
    : task_seconds_(BuildHistogram()
                        .Name("tuneward_task_seconds")
                        .Help("Time from claim to end of a task, in this worker")
                        .Register(registry)),
      tasks_(BuildCounter()
                 .Name("tuneward_tasks_total")
                 .Help("Tasks that this worker ended")
                 .Register(registry)),
      lease_lost_(BuildCounter()
                      .Name("tuneward_lease_lost_total")
                      .Help("Expired leases that this process took back")
                      .Register(registry)
                      .Add({})),
      train_tokens_(BuildCounter()
                        .Name("tuneward_train_tokens_total")
                        .Help("Tokens that went through training steps")
                        .Register(registry)
                        .Add({})),
      train_rate_(BuildGauge()
                      .Name("tuneward_train_tokens_per_second")
                      .Help("Of the last training step")
                      .Register(registry)
                      .Add({})),
      train_loss_(BuildGauge()
                      .Name("tuneward_train_loss")
                      .Help("Mean loss over the target tokens of the last training step")
                      .Register(registry)
                      .Add({})),
      audit_asr_(BuildHistogram()
                     .Name("tuneward_audit_asr")
                     .Help("Attack success rate of audited models")
                     .Register(registry)),
      release_(BuildCounter()
                   .Name("tuneward_release_total")
                   .Help("Verdicts of the release gate")
                   .Register(registry)),
      generate_(BuildCounter()
                    .Name("tuneward_generate_total")
                    .Help("Generations served")
                    .Register(registry)),
      generate_seconds_(BuildHistogram()
                            .Name("tuneward_generate_seconds")
                            .Help("Time of a generation, waiting included")
                            .Register(registry)
                            .Add({}, Buckets{0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60})),
      generate_tokens_(BuildCounter()
                           .Name("tuneward_generate_tokens_total")
                           .Help("Tokens generated for chats")
                           .Register(registry)
                           .Add({})),
      decode_rows_(BuildHistogram()
                       .Name("tuneward_decode_rows")
                       .Help("Generations that shared a decoding step, one observation a step")
                       .Register(registry)
                       .Add({}, Buckets{1, 2, 4, 8, 16, 32})),
      prompt_tokens_(BuildCounter()
                         .Name("tuneward_prompt_tokens_total")
                         .Help("Tokens of the prompts of chats")
                         .Register(registry)
                         .Add({})),
      prompt_tokens_reused_(BuildCounter()
                                .Name("tuneward_prompt_tokens_reused_total")
                                .Help("Tokens of prompts that an earlier prompt had begun with")
                                .Register(registry)
                                .Add({})),
      prefix_cache_bytes_(BuildGauge()
                              .Name("tuneward_prefix_cache_bytes")
                              .Help("Keys and values kept of prompts, after the last one")
                              .Register(registry)
                              .Add({})),
      pool_wait_(BuildHistogram()
                     .Name("tuneward_db_pool_wait_seconds")
                     .Help("Wait for a database connection")
                     .Register(registry)
                     .Add({}, WaitBuckets())),
      gpu_memory_(BuildGauge()
                      .Name("tuneward_gpu_memory_bytes")
                      .Help("Accelerator memory that this worker's models hold")
                      .Register(registry)) {
  for (const char* kind : {"train", "audit"}) {
    task_seconds_.Add({{"kind", kind}}, TaskBuckets());
    for (const char* outcome :
         {"succeeded", "failed", "cancelled", "drained", "interrupted", "lease_lost"}) {
      tasks_.Add({{"kind", kind}, {"outcome", outcome}});
    }
  }
  for (const Release verdict : {Release::kReleased, Release::kHeld, Release::kBlocked}) {
    release_.Add({{"verdict", Label(verdict)}});
  }
  generate_.Add({{"code", "OK"}});
}

void WorkerMetrics::TaskDone(const std::string& kind, const std::string& outcome, double seconds) {
  task_seconds_.Add({{"kind", kind}}, TaskBuckets()).Observe(seconds);
  tasks_.Add({{"kind", kind}, {"outcome", outcome}}).Increment();
}

void WorkerMetrics::TrainStep(int64_t tokens, double tokens_per_second, double loss) {
  train_tokens_.Increment(static_cast<double>(tokens));
  train_rate_.Set(tokens_per_second);
  train_loss_.Set(loss);
}

void WorkerMetrics::AuditAsr(const std::string& set, const std::string& wrapper, double rate) {
  audit_asr_.Add({{"set", set}, {"wrapper", wrapper}}, RateBuckets()).Observe(rate);
}

void WorkerMetrics::Released(Release verdict) {
  release_.Add({{"verdict", Label(verdict)}}).Increment();
}

void WorkerMetrics::DecodeStep(size_t rows) { decode_rows_.Observe(static_cast<double>(rows)); }

void WorkerMetrics::Prompts(int64_t tokens, int64_t reused, int64_t kept_bytes) {
  prompt_tokens_.Increment(static_cast<double>(tokens));
  prompt_tokens_reused_.Increment(static_cast<double>(reused));
  prefix_cache_bytes_.Set(static_cast<double>(kept_bytes));
}

void WorkerMetrics::GpuMemory(int64_t bytes) {
  gpu_memory_.Add({}).Set(static_cast<double>(bytes));
}

void WorkerMetrics::Generated(const std::string& code, double seconds, size_t tokens) {
  generate_.Add({{"code", code}}).Increment();
  generate_seconds_.Observe(seconds);
  generate_tokens_.Increment(static_cast<double>(tokens));
}

}  // namespace tuneward
