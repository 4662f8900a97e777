// LoRA steps on a model with fresh weights: rank 16 on all linears, AdamW, clipping; one step a
// turn, the rows in the order of the file.
#include <cstdio>
#include <filesystem>

#include "bench/engine/modes.h"
#include "bench/engine/rows.h"
#include "bench/engine/turns.h"
#include "core/data/row_order.h"
#include "worker/engine/device_memory.h"

namespace tuneward::bench {
namespace {

class Turns : public TrainObserver {
 public:
  explicit Turns(std::string device) : device_(std::move(device)) {}
  bool OnStep(const StepMetrics& m) override {
    const int64_t tokens = m.tokens - seen_;
    seen_ = m.tokens;
    if (m.step > 1)
      Answer(tokens, static_cast<double>(tokens) / m.tokens_per_second);
    else
      AnswerPeakMemory(DeviceMemoryBytes(device_));  // the first step is the warm-up: "ready"
    return AwaitTurn();
  }
  absl::Status OnCheckpoint(const std::string&, int64_t) override { return absl::OkStatus(); }

 private:
  const std::string device_;
  int64_t seen_ = 0;
};

absl::Status Run(const Settings& settings) {
  TW_ASSIGN_OR_RETURN(const auto model, BaseModel::Create(settings.config, 1, settings.engine));
  TrainInputs inputs;
  TW_ASSIGN_OR_RETURN(const std::vector<TrainRow> rows, ReadRows(settings.rows));
  // So that the trainer's order of the first epoch is that of the file, which the peer follows.
  const int64_t count = static_cast<int64_t>(rows.size());
  const std::vector<int64_t> order = EpochOrder(count, 0, inputs.spec.seed, 0);
  inputs.rows.resize(rows.size());
  for (int64_t i = 0; i < count; ++i) inputs.rows[order[i]] = rows[i];
  inputs.spec.batch_size = settings.batch;
  const std::string out = std::filesystem::temp_directory_path() / "tw-bench-adapter";
  Turns turns(settings.engine.device);
  TW_RETURN_IF_ERROR(model->Train(inputs, out, turns).status());
  AnswerPeakMemory(DeviceMemoryBytes(settings.engine.device));
  return absl::OkStatus();
}

}  // namespace

int Train(const Settings& settings) {
  const absl::Status status = Run(settings);
  if (status.ok()) return 0;
  return std::fprintf(stderr, "train: %s\n", status.ToString().c_str()), 1;
}

}  // namespace tuneward::bench
