#include "worker/engine/memory_estimate.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/model/linear_site.h"
#include "core/model/model_tensors.h"
#include "worker/engine/beginnings.h"

namespace tuneward {
namespace {

// Chunks of logits, packed panels of the matrix library, blocks that the allocator keeps.
constexpr int64_t kWorkSpace = int64_t{24} << 20;
constexpr int64_t kMiB = int64_t{1} << 20;

int64_t Trainable(const ModelConfig& c, const TrainSpec& spec) {
  if (!spec.lora) return ParameterCount(c);
  int64_t layer = 0;
  for (const LinearSite& site : LinearSites(c))
    if (std::count(spec.lora->targets.begin(), spec.lora->targets.end(), site.name) > 0)
      layer += spec.lora->rank * (site.out + site.in);
  return c.layers * layer;
}

}  // namespace

MemoryNeed EstimateTraining(const ModelConfig& c, const TrainSpec& spec, Precision precision) {
  const int64_t bytes = precision == Precision::kFloat32 ? 4 : 2;
  const int64_t d = c.hidden, f = c.intermediate, qkv = c.q_width() + 2 * c.kv_width();
  const int64_t u = spec.lora ? 7 * spec.lora->rank : 0;
  // Kept for the backward: a layer's two sums and two norms' results, q,k,v and the attention's
  // result with its log-sum per head, gate and up, SwiGLU's result, and A x of the linears.
  // Families with more norms keep what goes into each of those too.
  const int64_t norms = (c.branch_norms ? 4 * d : 0) + (c.qk_norm ? qkv : 0);
  // Where rows may share their beginnings, the attention's result once more, by place and by node.
  const int64_t twice = BeginningsOf(spec) == Beginnings::kShared ? c.q_width() : 0;
  const int64_t layer =
      bytes * (4 * d + qkv + c.q_width() + twice + 3 * f + u + norms) + 4 * (c.heads + 2);
  // Beside them, at one moment of the backward: gradients of the widest values of one layer; with
  // dropout an input and its mask, 4 bytes each.
  int64_t moment = bytes * (4 * d + qkv + 3 * f + u);
  if (spec.lora && spec.lora->dropout > 0) moment += 8 * std::max({d, f, c.q_width()});
  // The embedding, the hidden rows at targets with their gradient, and the row's indices.
  const int64_t ends = bytes * 4 * d + 40;
  MemoryNeed need;
  // An adapter's masters; the step's gradient and a micro-batch's; two moments; the best so far.
  const int64_t copies = (spec.lora ? 1 : 0) + 2 + 2 + (spec.patience > 0 ? 1 : 0);
  need.fixed = kWorkSpace + copies * 4 * Trainable(c, spec);
  // With recomputation what goes into each layer stays, and the inner values of one come back.
  const int64_t kept = spec.recompute ? c.layers * bytes * 2 * d + layer : c.layers * layer;
  need.per_token = kept + moment + ends;
  // Dropped inputs and masks, and layers that are run again, come and go between what is kept: the
  // heap keeps the holes (measured).
  if (spec.lora && spec.lora->dropout > 0) need.per_token += need.per_token / 5;
  if (spec.recompute) need.per_token += need.per_token / 5;
  return need;
}

absl::StatusOr<int64_t> FitMicroBatch(const MemoryNeed& need, int64_t wanted, int64_t longest,
                                      int64_t available) {
  wanted = std::max(wanted, longest);
  if (need.Of(wanted) <= available) return wanted;
  if (need.Of(longest) > available)
    return absl::ResourceExhaustedError(
        absl::StrCat("out of memory before the first step: training needs about ",
                     (need.Of(longest) + kMiB - 1) / kMiB,
                     " MiB with micro-batches of one row (the longest has ", longest, " tokens), ",
                     available / kMiB,
                     " MiB are free; shorter rows, a lower lora.rank or fewer targets need less"));
  return std::max(longest, (available - need.fixed) / need.per_token);
}

}  // namespace tuneward
