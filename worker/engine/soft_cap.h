// The soft cap of output logits (Gemma): x = cap tanh(x / cap). That of attention scores is in the
// attention kernels.
#pragma once

#include <ATen/ATen.h>

namespace tuneward {

// Caps in place; cap 0 leaves all as it is. With `slope` also returns d capped / d x, undefined for
// cap 0.
at::Tensor SoftCapInPlace(at::Tensor x, double cap, bool slope);

}  // namespace tuneward
