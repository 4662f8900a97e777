#include "worker/engine/shared_trainer.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "core/base/log.h"
#include "worker/engine/shared_step.h"
#include "worker/engine/training_memory.h"

namespace tuneward {
namespace {

// A CPU's products are full with so many rows: larger passes would only cost memory (measured: 4 x
// 1,200 tokens in one pass are slower than in four).
constexpr int64_t kCpuTokens = 1024;

struct Job {
  size_t index = 0;  // in the call
  std::unique_ptr<TrainRun> run;
};

// One step of all of them. A device whose memory runs out gets smaller passes, for good.
std::vector<std::unique_ptr<StepWork>> StepTogether(const std::vector<Job>& jobs,
                                                    int64_t& max_tokens) {
  const Decoder& decoder = jobs.front().run->parts().decoder;
  for (const Job& job : jobs) job.run->BeginStep();
  for (;;) {
    std::vector<std::unique_ptr<StepWork>> works;
    std::vector<SharedStep> steps;
    int64_t largest = 0;
    for (const Job& job : jobs) {
      works.push_back(job.run->Work());
      steps.push_back({job.run.get(), works.back().get()});
      for (const PackedBatch& micro : works.back()->batch.micros)
        largest = std::max(largest, micro.tokens());
    }
    const int64_t useful = decoder.device().is_cpu() ? std::max(largest, kCpuTokens) : max_tokens;
    try {
      ComputeTogether(decoder, steps, std::min(max_tokens, useful));
      return works;
    } catch (const c10::OutOfMemoryError& error) {
      if (max_tokens <= largest) throw;
      max_tokens = std::max(largest, max_tokens / 2);
      LogWarning(
          "out of memory: trying the shared step again with smaller passes",
          {{"tokens", std::to_string(max_tokens)}, {"error", error.what_without_backtrace()}});
    }
  }
}

// What the runs may have in memory together; those that find no room end.
int64_t Fit(std::vector<Job>& jobs, const OnRunEnd& on_end) {
  std::vector<TogetherNeed> needs;
  for (const Job& job : jobs) needs.push_back({&job.run->parts().inputs, job.run->fit()});
  const TogetherFit fit = FitTogether(needs, jobs.front().run->parts().decoder);
  while (jobs.size() > fit.jobs) {
    on_end(jobs.back().index,
           absl::UnavailableError("no memory beside the trainings that share this base's steps"));
    jobs.pop_back();
  }
  return fit.max_tokens;
}

}  // namespace

void RunSharedTraining(std::span<const TrainRun::Parts> all, const std::string& fingerprint,
                       const OnRunEnd& on_end) {
  std::vector<Job> jobs;
  for (size_t i = 0; i < all.size(); ++i) {
    auto run = TrainRun::Start(all[i], fingerprint);
    if (!run.ok())
      on_end(i, run.status());
    else if ((*run)->done())
      on_end(i, (*run)->Finish());
    else
      jobs.push_back({i, *std::move(run)});
  }
  if (jobs.empty()) return;
  int64_t max_tokens = Fit(jobs, on_end);
  while (!jobs.empty()) {
    const std::vector<std::unique_ptr<StepWork>> works = StepTogether(jobs, max_tokens);
    std::vector<Job> going;
    for (size_t i = 0; i < jobs.size(); ++i) {
      Job& job = jobs[i];
      if (const absl::Status status = job.run->EndStep(*works[i]); !status.ok())
        on_end(job.index, status);
      else if (job.run->done())
        on_end(job.index, job.run->Finish());
      else
        going.push_back(std::move(job));
    }
    jobs = std::move(going);
  }
}

}  // namespace tuneward
