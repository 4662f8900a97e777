#include "worker/engine/norm.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "worker/engine/cpu_dispatch.h"

namespace tuneward {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGrain = 64;  // rows a thread takes at least

struct Normed {
  Tensor sum_TD, y_TD, rstd_T1;
};

// `branch` may be undefined: nothing is added, and sum is x itself.
Normed NormForward(const Tensor& x_TD, const Tensor& branch_TD, const Tensor& w_D, double epsilon) {
  if (UsesCpuKernels(x_TD) && (!branch_TD.defined() || UsesCpuKernels(branch_TD)) &&
      UsesCpuKernels(w_D)) {
    const int64_t t = x_TD.size(0), d = x_TD.size(1);
    Normed out{branch_TD.defined() ? at::empty_like(x_TD) : x_TD, at::empty_like(x_TD),
               at::empty({t, 1}, x_TD.options())};
    at::parallel_for(0, t, kGrain, [&](int64_t begin, int64_t end) {
      cpu::AddRmsNorm(Data(x_TD), branch_TD.defined() ? Data(branch_TD) : nullptr, Data(w_D),
                      static_cast<float>(epsilon), d, Data(out.sum_TD), Data(out.y_TD),
                      Data(out.rstd_T1), begin, end);
    });
    return out;
  }
  const Tensor sum_TD = branch_TD.defined() ? x_TD + branch_TD : x_TD;
  const Tensor x = sum_TD.to(at::kFloat);
  Tensor rstd_T1 = x.square().mean(1, /*keepdim=*/true).add_(epsilon).rsqrt_();
  // A weight of more precision than x (Gemma's 1 + w) is multiplied before the one rounding.
  if (w_D.scalar_type() != x_TD.scalar_type())
    return {sum_TD, (x * rstd_T1 * w_D).to(x_TD.scalar_type()), rstd_T1};
  return {sum_TD, (x * rstd_T1).to(x_TD.scalar_type()).mul_(w_D), rstd_T1};
}

// dx (with `dsum_TD` added where defined), and dw when asked for.
std::pair<Tensor, Tensor> NormBackward(const Tensor& dy_TD, const Tensor& dsum_TD,
                                       const Tensor& x_TD, const Tensor& w_D, const Tensor& rstd_T1,
                                       bool w_grad) {
  Tensor dw;
  if (w_grad)
    dw = (dy_TD.to(at::kFloat) * (x_TD.to(at::kFloat) * rstd_T1)).sum(0).to(w_D.scalar_type());
  if (UsesCpuKernels(dy_TD) && UsesCpuKernels(x_TD) &&
      (!dsum_TD.defined() || UsesCpuKernels(dsum_TD))) {
    const Tensor dx = at::empty_like(x_TD);
    at::parallel_for(0, x_TD.size(0), kGrain, [&](int64_t begin, int64_t end) {
      cpu::RmsNormBackward(Data(dy_TD), Data(x_TD), Data(w_D), Data(rstd_T1),
                           dsum_TD.defined() ? Data(dsum_TD) : nullptr, x_TD.size(1), Data(dx),
                           begin, end);
    });
    return {dx, dw};
  }
  const Tensor xhat = x_TD.to(at::kFloat) * rstd_T1;
  const Tensor g = dy_TD.to(at::kFloat) * w_D.to(at::kFloat);
  Tensor dx =
      (g - xhat * (g * xhat).mean(1, /*keepdim=*/true)).mul_(rstd_T1).to(x_TD.scalar_type());
  if (dsum_TD.defined()) dx.add_(dsum_TD);
  return {dx, dw};
}

struct RmsNormFn : torch::autograd::Function<RmsNormFn> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x_TD, const Tensor& w_D,
                        double epsilon) {
    Normed out = NormForward(x_TD, Tensor(), w_D, epsilon);
    ctx->save_for_backward({x_TD, w_D, out.rstd_T1});
    return out.y_TD;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const variable_list saved = ctx->get_saved_variables();
    auto [dx, dw] =
        NormBackward(grads[0], Tensor(), saved[0], saved[1], saved[2], ctx->needs_input_grad(1));
    return {dx, dw, Tensor()};
  }
};

struct AddRmsNormFn : torch::autograd::Function<AddRmsNormFn> {
  static variable_list forward(AutogradContext* ctx, const Tensor& h_TD, const Tensor& branch_TD,
                               const Tensor& w_D, double epsilon) {
    ctx->set_materialize_grads(false);
    Normed out = NormForward(h_TD, branch_TD, w_D, epsilon);
    ctx->save_for_backward({out.sum_TD, w_D, out.rstd_T1});
    return {out.sum_TD, out.y_TD};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const variable_list saved = ctx->get_saved_variables();
    Tensor dx = grads[0], dw;
    if (grads[1].defined())
      std::tie(dx, dw) =
          NormBackward(grads[1], grads[0], saved[0], saved[1], saved[2], ctx->needs_input_grad(2));
    return {dx, dx, dw, Tensor()};
  }
};

struct SwiGluFn : torch::autograd::Function<SwiGluFn> {
  static Tensor forward(AutogradContext* ctx, const Tensor& gate_up_T2F) {
    ctx->save_for_backward({gate_up_T2F});
    if (UsesCpuKernels(gate_up_T2F)) {
      const int64_t f = gate_up_T2F.size(1) / 2;
      const Tensor y_TF = at::empty({gate_up_T2F.size(0), f}, gate_up_T2F.options());
      at::parallel_for(0, y_TF.size(0), kGrain, [&](int64_t begin, int64_t end) {
        cpu::SwiGlu(Data(gate_up_T2F), f, Data(y_TF), begin, end);
      });
      return y_TF;
    }
    const auto halves = gate_up_T2F.chunk(2, 1);
    return at::silu(halves[0]).mul_(halves[1]);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor gate_up_T2F = ctx->get_saved_variables()[0];
    if (UsesCpuKernels(gate_up_T2F) && UsesCpuKernels(grads[0])) {
      const Tensor d_T2F = at::empty_like(gate_up_T2F);
      at::parallel_for(0, d_T2F.size(0), kGrain, [&](int64_t begin, int64_t end) {
        cpu::SwiGluBackward(Data(grads[0]), Data(gate_up_T2F), gate_up_T2F.size(1) / 2, Data(d_T2F),
                            begin, end);
      });
      return {d_T2F};
    }
    const auto halves = gate_up_T2F.chunk(2, 1);
    const Tensor &gate = halves[0], &up = halves[1], &dy = grads[0];
    Tensor out_T2F = at::empty_like(gate_up_T2F);
    const auto out = out_T2F.chunk(2, 1);
    out[0].copy_(at::silu_backward(dy * up, gate));
    out[1].copy_(at::silu(gate).mul_(dy));
    return {out_T2F};
  }
};

}  // namespace

Tensor RmsNorm(const Tensor& x_TD, const Tensor& w_D, double epsilon) {
  return RmsNormFn::apply(x_TD, w_D, epsilon);
}

std::pair<Tensor, Tensor> AddRmsNorm(const Tensor& h_TD, const Tensor& branch_TD, const Tensor& w_D,
                                     double epsilon) {
  variable_list out = AddRmsNormFn::apply(h_TD, branch_TD, w_D, epsilon);
  return {out[0], out[1]};
}

Tensor SwiGlu(const Tensor& gate_up_T2F) { return SwiGluFn::apply(gate_up_T2F); }

}  // namespace tuneward
