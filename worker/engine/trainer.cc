#include "worker/engine/trainer.h"

#include <memory>

#include "core/base/log.h"
#include "worker/engine/train_run.h"

namespace tuneward {
namespace {

std::unique_ptr<StepWork> ComputeStep(TrainRun& run) {
  std::unique_ptr<StepWork> work = run.Work();
  work->gradient = run.parts().defence.StepGradient(work->ctx);
  return work;
}

}  // namespace

absl::StatusOr<TrainOutcome> RunTraining(const Decoder& decoder, Adapter* adapter,
                                         const TrainInputs& inputs, const std::string& fingerprint,
                                         Defence& defence, TrainObserver& observer) {
  TW_ASSIGN_OR_RETURN(const auto run,
                      TrainRun::Start({decoder, adapter, inputs, defence, observer}, fingerprint));
  while (!run->done()) {
    run->BeginStep();
    std::unique_ptr<StepWork> work;
    try {
      work = ComputeStep(*run);
    } catch (const c10::OutOfMemoryError& error) {  // a device's; a training's first is made good
      if (!run->HalveMicroBatches()) throw;
      LogWarning("the device's memory ran out", {{"error", error.what_without_backtrace()}});
    }
    if (!work) work = ComputeStep(*run);
    TW_RETURN_IF_ERROR(run->EndStep(*work));
  }
  return run->Finish();
}

}  // namespace tuneward
