#include "worker/engine/soft_cap.h"

namespace tuneward {

at::Tensor SoftCapInPlace(at::Tensor x, double cap, bool slope) {
  if (cap == 0) return {};
  x.div_(cap).tanh_();
  at::Tensor out;
  if (slope) out = x.square().neg_().add_(1);
  x.mul_(cap);
  return out;
}

}  // namespace tuneward
