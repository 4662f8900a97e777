// One training between its steps: what it has come to, and what a step's gradient does to it
// (clipping, schedule, optimiser, evaluation, checkpoints, the end). How the gradient is made is
// left to the caller: alone (trainer.h) or together with other trainings on the same base
// (shared_trainer.h). One thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "worker/engine/checkpoint.h"
#include "worker/engine/optimizer.h"
#include "worker/engine/train_data.h"
#include "worker/engine/train_step.h"
#include "worker/engine/trained.h"
#include "worker/engine/training_memory.h"

namespace tuneward {

// A step's batch, what a defence sees of it, and the gradient that came of it.
struct StepWork {
  StepWork(const Decoder& decoder, const Adapter* adapter, const Trained& trained, uint64_t seed,
           int64_t step, Batch rows, bool recompute)
      : batch(std::move(rows)),
        ctx(decoder, adapter, trained.tensors(), seed, step, batch, recompute) {}
  Batch batch;
  TrainStep ctx;
  GradVec gradient;
};

class TrainRun {
 public:
  struct Parts {  // borrowed
    const Decoder& decoder;
    Adapter* adapter = nullptr;  // null: the decoder's own weights are trained
    const TrainInputs& inputs;
    Defence& defence;
    TrainObserver& observer;
  };
  // Checks the inputs, and goes on from inputs.resume_from where it is set.
  static absl::StatusOr<std::unique_ptr<TrainRun>> Start(const Parts& parts,
                                                         const std::string& fingerprint);

  bool done() const { return state_.step >= data_->total_steps() || enough_ || stopped_; }
  // Counts the next step and begins its time.
  void BeginStep();
  // The rows of the step that was begun; its gradient is for the caller to make.
  std::unique_ptr<StepWork> Work();
  // Applies the gradient and does all that comes after it.
  absl::Status EndStep(StepWork& work);
  // The end: after it, what was trained are the weights to be kept.
  absl::StatusOr<TrainOutcome> Finish();

  // After the device's memory ran out, once; false: there is nothing to be made smaller.
  bool HalveMicroBatches();
  TrainingFit fit() const { return {state_.micro_batch_tokens, recompute_}; }

  const Parts& parts() const { return parts_; }
  const TrainSpec& spec() const { return parts_.inputs.spec; }

 private:
  explicit TrainRun(const Parts& parts);
  absl::Status Resume(const std::string& fingerprint);
  StepMetrics Metrics(const StepWork& work, const GradVec& gradient) const;
  absl::Status CheckStep(const StepMetrics& metrics) const;
  absl::Status EvaluateStep(StepMetrics& metrics);
  absl::Status WriteCheckpointOfStep();
  absl::Status Diverged(const std::string& what) const;

  Parts parts_;
  Trained trained_;
  AdamW optimizer_;
  CheckpointState state_;
  TensorMap best_;    // the weights at state_.stop.best_step
  int64_t good_ = 0;  // the step of the last checkpoint; 0: none
  std::unique_ptr<TrainData> data_;
  bool recompute_ = false;
  bool enough_ = false, stopped_ = false, halved_ = false;
  std::chrono::steady_clock::time_point began_{};
};

}  // namespace tuneward
