#include "worker/engine/shared_step.h"

#include <algorithm>
#include <vector>

namespace tuneward {
namespace {

using at::Tensor;

struct Micro {
  size_t step = 0;   // in the call
  size_t index = 0;  // of its batch
};

// First of each training, then second of each: a pass holds rows of as many trainings as it can.
std::vector<Micro> InTurns(std::span<const SharedStep> steps) {
  std::vector<Micro> order;
  size_t most = 0;
  for (const SharedStep& step : steps) most = std::max(most, step.work->batch.micros.size());
  for (size_t index = 0; index < most; ++index)
    for (size_t s = 0; s < steps.size(); ++s)
      if (index < steps[s].work->batch.micros.size()) order.push_back({s, index});
  return order;
}

void ComputePass(const Decoder& decoder, std::span<const SharedStep> steps,
                 std::span<const Micro> micros) {
  std::vector<ForwardPart> parts;
  bool recompute = false;
  for (const Micro& micro : micros) {
    const SharedStep& step = steps[micro.step];
    recompute |= step.run->fit().recompute;
    parts.push_back({&step.work->batch.micros[micro.index], step.run->parts().adapter,
                     step.work->ctx.DropoutOf(micro.index)});
  }
  const std::vector<ForwardOut> outs = decoder.ForwardTogether(parts, recompute);
  const LmHead head = decoder.head();
  // A training whose micro-batches are small may be in a pass twice: its leaves are asked for once.
  std::vector<Tensor> losses, leaves;
  std::vector<size_t> seen;
  for (size_t i = 0; i < micros.size(); ++i) {
    const SharedStep& step = steps[micros[i].step];
    const LmHead::Loss loss = step.run->parts().defence.Loss(*parts[i].batch, outs[i], head);
    losses.push_back(loss.total);
    step.work->ctx.AddLosses(*parts[i].batch, loss.nll_N);
    if (std::find(seen.begin(), seen.end(), micros[i].step) != seen.end()) continue;
    seen.push_back(micros[i].step);
    const std::vector<Tensor>& own = step.work->ctx.leaves();
    leaves.insert(leaves.end(), own.begin(), own.end());
  }
  const std::vector<Tensor> gradients = TrainStep::Backward(losses, leaves);
  size_t next = 0;
  for (const size_t s : seen) {
    StepWork& work = *steps[s].work;
    const auto begin = gradients.begin() + static_cast<int64_t>(next);
    next += work.ctx.leaves().size();
    work.gradient.Axpy(1, GradVec({begin, gradients.begin() + static_cast<int64_t>(next)}));
  }
}

}  // namespace

void ComputeTogether(const Decoder& decoder, std::span<const SharedStep> steps,
                     int64_t max_tokens) {
  const std::vector<Micro> order = InTurns(steps);
  size_t begin = 0;
  int64_t tokens = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const int64_t size = steps[order[i].step].work->batch.micros[order[i].index].tokens();
    if (i > begin && tokens + size > max_tokens) {
      ComputePass(decoder, steps, std::span(order).subspan(begin, i - begin));
      begin = i;
      tokens = 0;
    }
    tokens += size;
  }
  ComputePass(decoder, steps, std::span(order).subspan(begin));
}

}  // namespace tuneward
