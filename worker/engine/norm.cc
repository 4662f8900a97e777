#include "worker/engine/norm.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "worker/engine/cpu_dispatch.h"
#include "worker/engine/cuda_dispatch.h"

namespace tuneward {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGrain = 64;  // rows a thread takes at least

// Whether all that are defined suit the kernels of `uses`, in one type.
bool AllSuit(std::initializer_list<Tensor> tensors, bool (*uses)(const Tensor&)) {
  const at::ScalarType type = tensors.begin()->scalar_type();
  return std::all_of(tensors.begin(), tensors.end(), [&](const Tensor& x) {
    return !x.defined() || (uses(x) && x.scalar_type() == type);
  });
}

bool Fused(std::initializer_list<Tensor> tensors) { return AllSuit(tensors, UsesCpuKernels); }

// A norm's weight may be fp32 beside bf16 rows here.
bool FusedOnCuda(std::initializer_list<Tensor> tensors, const Tensor& w_D = {}) {
  return AllSuit(tensors, UsesCudaKernels) &&
         (!w_D.defined() ||
          (UsesCudaKernels(w_D) && (w_D.scalar_type() == at::kFloat ||
                                    w_D.scalar_type() == tensors.begin()->scalar_type())));
}

struct Normed {
  Tensor sum_TD, y_TD, rstd_T1;
};

Normed EmptyNormed(const Tensor& x_TD, const Tensor& branch_TD) {
  return {branch_TD.defined() ? at::empty_like(x_TD) : x_TD, at::empty_like(x_TD),
          at::empty({x_TD.size(0), 1}, x_TD.options().dtype(at::kFloat))};
}

// `branch` may be undefined: nothing is added, and sum is x itself.
Normed NormForward(const Tensor& x_TD, const Tensor& branch_TD, const Tensor& w_D, double epsilon) {
  if (Fused({x_TD, branch_TD, w_D})) {
    const int64_t t = x_TD.size(0), d = x_TD.size(1);
    const Normed out = EmptyNormed(x_TD, branch_TD);
    WithValueOf(x_TD, [&](auto value) {
      using Value = decltype(value);
      at::parallel_for(0, t, kGrain, [&](int64_t begin, int64_t end) {
        cpu::AddRmsNorm(Data<Value>(x_TD), branch_TD.defined() ? Data<Value>(branch_TD) : nullptr,
                        Data<Value>(w_D), static_cast<float>(epsilon), d, Data<Value>(out.sum_TD),
                        Data<Value>(out.y_TD), Data(out.rstd_T1), begin, end);
      });
    });
    return out;
  }
  if constexpr (kCudaKernels)
    if (FusedOnCuda({x_TD, branch_TD}, w_D)) {
      const Normed out = EmptyNormed(x_TD, branch_TD);
      cuda::AddRmsNorm(x_TD, branch_TD, w_D, epsilon, out.sum_TD, out.y_TD, out.rstd_T1);
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
  if (Fused({dy_TD, x_TD, w_D, dsum_TD})) {
    const Tensor dx = at::empty_like(x_TD);
    WithValueOf(x_TD, [&](auto value) {
      using Value = decltype(value);
      at::parallel_for(0, x_TD.size(0), kGrain, [&](int64_t begin, int64_t end) {
        cpu::RmsNormBackward(Data<Value>(dy_TD), Data<Value>(x_TD), Data<Value>(w_D), Data(rstd_T1),
                             dsum_TD.defined() ? Data<Value>(dsum_TD) : nullptr, x_TD.size(1),
                             Data<Value>(dx), begin, end);
      });
    });
    return {dx, dw};
  }
  if constexpr (kCudaKernels)
    if (FusedOnCuda({dy_TD, x_TD, dsum_TD}, w_D)) {
      const Tensor dx = at::empty_like(x_TD);
      cuda::RmsNormBackward(dy_TD, x_TD, w_D, rstd_T1, dsum_TD, dx);
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
      WithValueOf(y_TF, [&](auto value) {
        using Value = decltype(value);
        at::parallel_for(0, y_TF.size(0), kGrain, [&](int64_t begin, int64_t end) {
          cpu::SwiGlu(Data<Value>(gate_up_T2F), f, Data<Value>(y_TF), begin, end);
        });
      });
      return y_TF;
    }
    if constexpr (kCudaKernels)
      if (FusedOnCuda({gate_up_T2F})) {
        const Tensor y_TF =
            at::empty({gate_up_T2F.size(0), gate_up_T2F.size(1) / 2}, gate_up_T2F.options());
        cuda::SwiGlu(gate_up_T2F, y_TF);
        return y_TF;
      }
    const auto halves = gate_up_T2F.chunk(2, 1);
    return at::silu(halves[0]).mul_(halves[1]);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor gate_up_T2F = ctx->get_saved_variables()[0];
    if (Fused({gate_up_T2F, grads[0]})) {
      const Tensor d_T2F = at::empty_like(gate_up_T2F);
      WithValueOf(d_T2F, [&](auto value) {
        using Value = decltype(value);
        at::parallel_for(0, d_T2F.size(0), kGrain, [&](int64_t begin, int64_t end) {
          cpu::SwiGluBackward(Data<Value>(grads[0]), Data<Value>(gate_up_T2F),
                              gate_up_T2F.size(1) / 2, Data<Value>(d_T2F), begin, end);
        });
      });
      return {d_T2F};
    }
    if constexpr (kCudaKernels)
      if (FusedOnCuda({gate_up_T2F, grads[0]})) {
        const Tensor d_T2F = at::empty_like(gate_up_T2F);
        cuda::SwiGluBackward(grads[0], gate_up_T2F, d_T2F);
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
