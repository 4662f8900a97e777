#include "worker/engine/merge.h"

#include <torch/csrc/autograd/grad_mode.h>

#include "worker/engine/fixed_factor.h"

namespace tuneward {

Weights MergeAdapter(const Weights& base, const Adapter& adapter) {
  const at::NoGradGuard no_grad;
  Weights merged = base;
  for (size_t l = 0; l < merged.layers.size(); ++l)
    for (int g = 0; g < kGroups; ++g) {
      const GroupLora& lora = adapter.layer(static_cast<int64_t>(l))[g];
      if (lora.empty()) continue;
      at::Tensor& w_OI = merged.layers[l].linear[g];
      w_OI = GroupDelta(lora, w_OI.size(0)).add_(w_OI).to(w_OI.scalar_type());
    }
  return merged;
}

}  // namespace tuneward
