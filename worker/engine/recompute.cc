#include "worker/engine/recompute.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace tuneward {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Counted, because the graph holds it.
struct HeldPart : torch::CustomClassHolder {
  explicit HeldPart(DecoderPart given) : run(std::move(given)) {}
  const DecoderPart run;
};
using HeldPartPtr = c10::intrusive_ptr<HeldPart>;

struct RecomputedFn : torch::autograd::Function<RecomputedFn> {
  static variable_list forward(AutogradContext* ctx, const Tensor& h_TD, const Tensor& normed_TD,
                               at::TensorList leaves, const HeldPartPtr& part) {
    const auto [h, normed] = part->run(h_TD, normed_TD);
    variable_list saved = {h_TD, normed_TD};
    saved.insert(saved.end(), leaves.begin(), leaves.end());
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["part"] = c10::IValue::make_capsule(part);
    ctx->set_materialize_grads(false);  // an output that nobody used stays so
    return {h, normed};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    variable_list inputs = ctx->get_saved_variables();
    const auto part =
        c10::static_intrusive_pointer_cast<HeldPart>(ctx->saved_data["part"].toCapsule());
    const at::AutoGradMode on(true);
    for (size_t i : {0, 1}) inputs[i] = inputs[i].detach().requires_grad_(ctx->needs_input_grad(i));
    const auto [h, normed] = part->run(inputs[0], inputs[1]);
    variable_list outputs, given, wanted;
    for (const auto& [output, grad] : {std::pair(h, grads[0]), std::pair(normed, grads[1])}) {
      if (!grad.defined()) continue;
      outputs.push_back(output);
      given.push_back(grad);
    }
    variable_list out(inputs.size() + 1);  // the last argument is the part
    if (outputs.empty()) return out;
    std::vector<size_t> places;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i].requires_grad()) continue;
      wanted.push_back(inputs[i]);
      places.push_back(i);
    }
    const variable_list made = torch::autograd::grad(outputs, wanted, given, std::nullopt,
                                                     /*create_graph=*/false, /*allow_unused=*/true);
    for (size_t i = 0; i < made.size(); ++i) out[places[i]] = made[i];
    return out;
  }
};

}  // namespace

std::pair<Tensor, Tensor> Recomputed(DecoderPart part, const Tensor& h_TD, const Tensor& normed_TD,
                                     at::TensorList leaves) {
  const variable_list out =
      RecomputedFn::apply(h_TD, normed_TD, leaves, c10::make_intrusive<HeldPart>(std::move(part)));
  return {out[0], out[1]};
}

}  // namespace tuneward
