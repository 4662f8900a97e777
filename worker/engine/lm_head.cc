#include "worker/engine/lm_head.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "worker/engine/linear.h"
#include "worker/engine/soft_cap.h"
#include "worker/engine/vocab_chunk.h"

namespace tuneward {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct NllFn : torch::autograd::Function<NllFn> {
  static variable_list forward(AutogradContext* ctx, const Tensor& h_ND, const Tensor& w_VD,
                               const Tensor& target_N, const Tensor& weight_N, double soft_cap,
                               bool h_grad, bool w_grad) {
    const int64_t n = h_ND.size(0), chunk = ChunkRows(w_VD.size(0));
    const Tensor nll_N = at::empty({n}, h_ND.options().dtype(at::kFloat));
    const Tensor dh_ND = h_grad ? at::empty_like(h_ND) : Tensor();
    const Tensor dw_VD = w_grad ? at::zeros_like(w_VD) : Tensor();
    for (int64_t begin = 0; begin < n; begin += chunk) {
      const int64_t count = std::min(chunk, n - begin);
      const Tensor h_CD = h_ND.narrow(0, begin, count);
      const Tensor logits_CV = RowStableProduct(h_CD, w_VD);
      const Tensor slope_CV = SoftCapInPlace(logits_CV, soft_cap, h_grad || w_grad);
      Tensor d_CV =
          SoftmaxNll(logits_CV, target_N.narrow(0, begin, count), weight_N.narrow(0, begin, count),
                     h_grad || w_grad, nll_N.narrow(0, begin, count));
      if (slope_CV.defined()) d_CV.mul_(slope_CV);
      if (h_grad) {
        Tensor dh_CD = dh_ND.narrow(0, begin, count);
        at::mm_out(dh_CD, d_CV, w_VD);
      }
      if (w_grad) dw_VD.addmm_(d_CV.t(), h_CD);
    }
    ctx->save_for_backward({dh_ND, dw_VD});
    ctx->mark_non_differentiable({nll_N});
    return {at::dot(nll_N, weight_N), nll_N};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const variable_list saved = ctx->get_saved_variables();
    variable_list out(7);
    for (int i = 0; i < 2; ++i)
      if (saved[i].defined()) out[i] = saved[i] * grads[0].to(saved[i].scalar_type());
    return out;
  }
};

}  // namespace

LmHead::Loss LmHead::Nll(const Tensor& h_ND, const Tensor& target_N, const Tensor& weight_N) const {
  const bool on = at::GradMode::is_enabled();
  variable_list out = NllFn::apply(h_ND, w_VD_, target_N, weight_N, soft_cap_,
                                   on && h_ND.requires_grad(), on && w_VD_.requires_grad());
  return {out[0], out[1]};
}

Tensor LmHead::Logits(const Tensor& h_ND) const {
  const Tensor logits = RowStableProduct(h_ND, w_VD_).to(at::kFloat);
  SoftCapInPlace(logits, soft_cap_, /*slope=*/false);
  return logits;
}

}  // namespace tuneward
