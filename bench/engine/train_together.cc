// Several trainings that share their steps (shared mode): one step of all of them a turn. Each has
// the settings of the mode `train` and the same rows in an order of its own.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "bench/engine/modes.h"
#include "bench/engine/rows.h"
#include "bench/engine/turns.h"
#include "worker/engine/device_memory.h"

namespace tuneward::bench {
namespace {

// What the observers of one step count together; the last one answers.
struct StepCount {
  int64_t tokens = 0;
  bool go_on = true;
};

class Turns final : public TrainObserver {
 public:
  Turns(StepCount& count, bool last, std::string device)
      : count_(count), last_(last), device_(std::move(device)) {}
  bool OnStep(const StepMetrics& m) override {
    const int64_t tokens = m.tokens - seen_;
    seen_ = m.tokens;
    count_.tokens += tokens;
    if (last_) {
      // A step's time runs from its begin, which all share, to its own end.
      if (m.step > 1)
        Answer(count_.tokens, static_cast<double>(tokens) / m.tokens_per_second);
      else
        AnswerPeakMemory(DeviceMemoryBytes(device_));
      count_ = {0, AwaitTurn()};
    }
    return count_.go_on;
  }
  absl::Status OnCheckpoint(const std::string&, int64_t) override { return absl::OkStatus(); }

 private:
  StepCount& count_;
  const bool last_;
  const std::string device_;
  int64_t seen_ = 0;
};

absl::Status Run(const Settings& settings) {
  TW_ASSIGN_OR_RETURN(const auto model, BaseModel::Create(settings.config, 1, settings.engine));
  TrainInputs inputs;
  TW_ASSIGN_OR_RETURN(inputs.rows, ReadRows(settings.rows));
  inputs.spec.batch_size = settings.batch;
  inputs.spec.epochs = 50;
  const size_t count = static_cast<size_t>(settings.jobs);
  std::vector<TrainInputs> all(count, inputs);
  StepCount step;
  std::vector<std::unique_ptr<Turns>> turns;
  std::vector<TrainTogetherJob> jobs;
  const std::string out = std::filesystem::temp_directory_path() / "tw-bench-adapter-";
  for (size_t i = 0; i < count; ++i) {
    all[i].spec.seed = i;
    turns.push_back(std::make_unique<Turns>(step, i + 1 == count, settings.engine.device));
    jobs.push_back({&all[i], out + std::to_string(i), turns.back().get()});
  }
  absl::Status status;
  model->TrainTogether(jobs, [&](size_t, const absl::StatusOr<TrainOutcome>& outcome) {
    status.Update(outcome.status());
  });
  AnswerPeakMemory(DeviceMemoryBytes(settings.engine.device));
  return status;
}

}  // namespace

int TrainTogether(const Settings& settings) {
  const absl::Status status = Run(settings);
  if (status.ok()) return 0;
  return std::fprintf(stderr, "train-together: %s\n", status.ToString().c_str()), 1;
}

}  // namespace tuneward::bench
