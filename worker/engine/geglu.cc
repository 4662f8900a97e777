#include "worker/engine/geglu.h"

#include <torch/csrc/autograd/custom_function.h>

namespace tuneward {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Keeps the input alone: gelu is taken again on the way back.
struct GeGluFn : torch::autograd::Function<GeGluFn> {
  static Tensor forward(AutogradContext* ctx, const Tensor& gate_up_T2F) {
    ctx->save_for_backward({gate_up_T2F});
    const auto halves = gate_up_T2F.chunk(2, 1);
    return at::gelu(halves[0], "tanh").mul_(halves[1]);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor gate_up_T2F = ctx->get_saved_variables()[0];
    const auto halves = gate_up_T2F.chunk(2, 1);
    const Tensor &gate = halves[0], &up = halves[1], &dy = grads[0];
    Tensor out_T2F = at::empty_like(gate_up_T2F);
    const auto out = out_T2F.chunk(2, 1);
    out[0].copy_(at::gelu_backward(dy * up, gate, "tanh"));
    out[1].copy_(at::gelu(gate, "tanh").mul_(dy));
    return {out_T2F};
  }
};

}  // namespace

Tensor GeGlu(const Tensor& gate_up_T2F) { return GeGluFn::apply(gate_up_T2F); }

}  // namespace tuneward
