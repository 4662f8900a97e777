// LmHead's losses of a value a row. The gradient of a row's value for its hidden state is taken in
// the forward, a chunk of logits at a time; the backward only scales it by the row's own factor.
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>

#include "worker/engine/linear.h"
#include "worker/engine/lm_head.h"
#include "worker/engine/soft_cap.h"
#include "worker/engine/vocab_chunk.h"

namespace tuneward {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Writes log p(target) of a chunk; returns its gradient for the logits, onehot - softmax.
Tensor ChunkLogProb(const Tensor& h_CD, const Tensor& w_VD, double soft_cap, const Tensor& target_C,
                    bool gradient, Tensor logp_C) {
  const Tensor logits_CV = RowStableProduct(h_CD, w_VD);
  const Tensor slope_CV = SoftCapInPlace(logits_CV, soft_cap, gradient);
  Tensor d_CV = SoftmaxNll(logits_CV, target_C, at::full_like(logp_C, -1), gradient, logp_C);
  logp_C.neg_();
  return slope_CV.defined() ? d_CV.mul_(slope_CV) : d_CV;
}

struct LogProbFn : torch::autograd::Function<LogProbFn> {
  static Tensor forward(AutogradContext* ctx, const Tensor& h_ND, const Tensor& w_VD,
                        const Tensor& target_N, double soft_cap, bool h_grad, bool w_grad) {
    const int64_t n = h_ND.size(0), chunk = ChunkRows(w_VD.size(0));
    const Tensor logp_N = at::empty({n}, h_ND.options().dtype(at::kFloat));
    const Tensor dh_ND = h_grad ? at::empty_like(h_ND) : Tensor();
    for (int64_t begin = 0; begin < n; begin += chunk) {
      const int64_t count = std::min(chunk, n - begin);
      const Tensor d_CV =
          ChunkLogProb(h_ND.narrow(0, begin, count), w_VD, soft_cap,
                       target_N.narrow(0, begin, count), h_grad, logp_N.narrow(0, begin, count));
      if (!h_grad) continue;
      Tensor dh_CD = dh_ND.narrow(0, begin, count);
      at::mm_out(dh_CD, d_CV, w_VD);
    }
    const Tensor none;
    ctx->save_for_backward(
        {dh_ND, w_grad ? h_ND : none, w_grad ? w_VD : none, w_grad ? target_N : none});
    ctx->saved_data["soft_cap"] = soft_cap;
    return logp_N;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor &dh_ND = saved[0], &h_ND = saved[1], &w_VD = saved[2], &target_N = saved[3];
    const Tensor factor_N1 = grads[0].unsqueeze(1);
    variable_list out(6);
    if (dh_ND.defined()) out[0] = dh_ND * factor_N1.to(dh_ND.scalar_type());
    // The weight's gradient mixes the rows, so their factors must be known: logits anew.
    if (!w_VD.defined()) return out;
    const int64_t n = h_ND.size(0), chunk = ChunkRows(w_VD.size(0));
    Tensor logp_N = at::empty({n}, grads[0].options());
    out[1] = at::zeros_like(w_VD);
    for (int64_t begin = 0; begin < n; begin += chunk) {
      const int64_t count = std::min(chunk, n - begin);
      const Tensor h_CD = h_ND.narrow(0, begin, count);
      Tensor d_CV =
          ChunkLogProb(h_CD, w_VD, ctx->saved_data["soft_cap"].toDouble(),
                       target_N.narrow(0, begin, count), true, logp_N.narrow(0, begin, count));
      d_CV.mul_(factor_N1.narrow(0, begin, count).to(d_CV.scalar_type()));
      out[1].addmm_(d_CV.t(), h_CD);
    }
    return out;
  }
};

// Also the slope of the cap, undefined without one.
std::pair<Tensor, Tensor> LogSoftmax(const Tensor& h_CD, const Tensor& w_VD, double soft_cap) {
  const Tensor logits_CV = RowStableProduct(h_CD, w_VD).to(at::kFloat);
  const Tensor slope_CV = SoftCapInPlace(logits_CV, soft_cap, /*slope=*/true);
  return {at::_log_softmax(logits_CV, 1, false), slope_CV};
}

struct KlFn : torch::autograd::Function<KlFn> {
  static Tensor forward(AutogradContext* ctx, const Tensor& h_ND, const Tensor& w_VD,
                        const Tensor& ref_h_ND, double soft_cap, bool h_grad) {
    const int64_t n = h_ND.size(0), chunk = ChunkRows(2 * w_VD.size(0));  // two logits a chunk
    const Tensor kl_N = at::empty({n}, h_ND.options().dtype(at::kFloat));
    const Tensor dh_ND = h_grad ? at::empty_like(h_ND) : Tensor();
    for (int64_t begin = 0; begin < n; begin += chunk) {
      const int64_t count = std::min(chunk, n - begin);
      auto [logp_CV, slope_CV] = LogSoftmax(h_ND.narrow(0, begin, count), w_VD, soft_cap);
      Tensor ref_CV = LogSoftmax(ref_h_ND.narrow(0, begin, count), w_VD, soft_cap).first;
      const Tensor q_CV = ref_CV.exp();
      Tensor kl_C = kl_N.narrow(0, begin, count);
      at::sum_out(kl_C, ref_CV.sub_(logp_CV).mul_(q_CV), {1});
      if (!h_grad) continue;
      Tensor dh_CD = dh_ND.narrow(0, begin, count);
      logp_CV.exp_().sub_(q_CV);
      if (slope_CV.defined()) logp_CV.mul_(slope_CV);
      at::mm_out(dh_CD, logp_CV.to(w_VD.scalar_type()), w_VD);
    }
    ctx->save_for_backward({dh_ND});
    return kl_N;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor dh_ND = ctx->get_saved_variables()[0];
    variable_list out(5);
    if (dh_ND.defined()) out[0] = dh_ND * grads[0].unsqueeze(1).to(dh_ND.scalar_type());
    return out;
  }
};

}  // namespace

Tensor LmHead::LogProb(const Tensor& h_ND, const Tensor& target_N) const {
  const bool on = at::GradMode::is_enabled();
  return LogProbFn::apply(h_ND, w_VD_, target_N, soft_cap_, on && h_ND.requires_grad(),
                          on && w_VD_.requires_grad());
}

Tensor LmHead::Kl(const Tensor& h_ND, const Tensor& ref_h_ND) const {
  return KlFn::apply(h_ND, w_VD_.detach(), ref_h_ND.detach(), soft_cap_,
                     at::GradMode::is_enabled() && h_ND.requires_grad());
}

}  // namespace tuneward
