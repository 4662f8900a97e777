// The seam for training-time defences: what a method may change of a training without owning its
// loop. Each method has plain supervised fine-tuning as its default. The loop (trainer.cc) owns the
// step count, clipping, the schedule and the cut into micro-batches; a defence never touches .grad.
// One thread.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "core/base/json.h"
#include "core/base/status.h"
#include "worker/engine/decoder.h"
#include "worker/engine/grad_vec.h"

namespace tuneward {

// Rows of one optimiser step, cut into micro-batches. A micro-batch holds pairs or single rows; the
// weight of a pair is 1 / (pairs of the whole batch), that of a target token 1 / (targets of its
// single rows).
struct Batch {
  std::vector<PackedBatch> micros;
  int64_t rows = 0, tokens = 0;
  int64_t pairs = 0, targets = 0;  // targets: of single rows
};

using LossFn = std::function<LmHead::Loss(const PackedBatch&, const ForwardOut&, const LmHead&)>;

// The leaves' values moved by coefficient x direction until the end of the scope, then restored bit
// for bit.
class ScopedPerturb {
 public:
  ScopedPerturb(const std::vector<at::Tensor>& leaves, const GradVec& direction,
                double coefficient);
  ~ScopedPerturb();
  ScopedPerturb(const ScopedPerturb&) = delete;
  ScopedPerturb& operator=(const ScopedPerturb&) = delete;

 private:
  std::vector<at::Tensor> leaves_, saved_;
};

struct Gradient {
  GradVec values;
  double loss = 0;
};

// What a defence may do within one optimiser step.
class StepCtx {
 public:
  virtual ~StepCtx() = default;
  virtual int64_t step() const = 0;             // from 1
  virtual const Batch& user_batch() const = 0;  // this step's rows, mixed ones included
  // Summed over the micro-batches. The same batch gives the same dropout masks again.
  virtual Gradient Grad(const Batch& batch, const LossFn& loss) = 0;
  virtual const std::vector<at::Tensor>& leaves() const = 0;
};

class Defence {
 public:
  virtual ~Defence() = default;
  virtual std::string_view id() const = 0;
  // The job's own loss: of pairs DPO's, of single rows the weighted sum of nll.
  virtual LmHead::Loss Loss(const PackedBatch& batch, const ForwardOut& out, const LmHead& head);
  virtual GradVec StepGradient(StepCtx& ctx);
  virtual void AfterStep(StepCtx&) {}
  // Anchors, counters: what a resumed training needs besides weights and optimiser.
  virtual Json State() const { return Json::object(); }
  virtual absl::Status Restore(const Json& state);
};

// The list of defences: "none". NOT_FOUND for another id.
absl::StatusOr<std::unique_ptr<Defence>> MakeDefence(std::string_view id);

}  // namespace tuneward
