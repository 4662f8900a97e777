#include "worker/engine/vocab_chunk.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "worker/engine/cpu_dispatch.h"
#include "worker/engine/cuda_dispatch.h"

namespace tuneward {

using at::Tensor;

int64_t ChunkRows(int64_t vocab) {
  // With V = 32,000 and 3 layers, a step takes 10 % less CPU time than with chunks of 32 rows.
  constexpr int64_t kElements = int64_t{1} << 24, kMost = 1024;
  return std::clamp<int64_t>(kElements / vocab, 16, kMost);
}

Tensor SoftmaxNll(Tensor logits_CV, const Tensor& target_C, const Tensor& weight_C, bool gradient,
                  Tensor nll_C) {
  if (UsesCpuKernels(logits_CV)) {
    WithValueOf(logits_CV, [&](auto value) {
      at::parallel_for(0, logits_CV.size(0), 16, [&](int64_t begin, int64_t end) {
        cpu::CrossEntropy(Data<decltype(value)>(logits_CV), logits_CV.size(1),
                          target_C.const_data_ptr<int64_t>(), Data(weight_C), gradient, Data(nll_C),
                          begin, end);
      });
    });
    return logits_CV;
  }
  if constexpr (kCudaKernels)
    if (UsesCudaKernels(logits_CV)) {
      cuda::CrossEntropy(logits_CV, target_C, weight_C, gradient, nll_C);
      return logits_CV;
    }
  const Tensor target_C1 = target_C.unsqueeze(1);
  Tensor p_CV = at::_log_softmax(logits_CV.to(at::kFloat), 1, false);
  nll_C.copy_(p_CV.gather(1, target_C1).squeeze(1).neg_());
  if (!gradient) return p_CV;
  p_CV.exp_();
  p_CV.scatter_add_(1, target_C1, at::full_like(target_C1, -1, p_CV.options()));
  return p_CV.mul_(weight_C.unsqueeze(1)).to(logits_CV.scalar_type());
}

}  // namespace tuneward
