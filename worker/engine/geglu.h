// gelu(gate) * up with the tanh approximation (Gemma), the sibling of SwiGLU in norm.h. Shapes: T
// tokens, F width of the MLP.
#pragma once

#include <ATen/ATen.h>

namespace tuneward {

// Of [gate, up]: [T, 2F] -> [T, F].
at::Tensor GeGlu(const at::Tensor& gate_up_T2F);

}  // namespace tuneward
