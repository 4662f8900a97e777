#include "worker/engine/qk_norm.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "worker/engine/cpu_dispatch.h"

namespace tuneward {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGrain = 64;  // tokens a thread takes at least

// q and k lie side by side in a token; `first` and `heads` count in heads.
struct Part {
  int64_t first, heads;
  Tensor weight_E;
};

bool Fused(const Tensor& x) { return UsesCpuKernels(x) && x.scalar_type() == at::kFloat; }

// [T, heads, E], a view.
Tensor HeadsOf(const Tensor& qkv_TC, const Part& part) {
  const int64_t e = part.weight_E.size(0);
  return qkv_TC.narrow(1, part.first * e, part.heads * e).view({qkv_TC.size(0), part.heads, e});
}

void NormPart(const Tensor& x_TC, const Part& part, double epsilon, const Tensor& y_TC,
              const Tensor& rstd_TH) {
  const int64_t e = part.weight_E.size(0), width = x_TC.size(1), all = rstd_TH.size(1);
  if (Fused(x_TC) && Fused(part.weight_E)) {
    at::parallel_for(0, x_TC.size(0), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        const int64_t at = t * width + part.first * e;
        cpu::AddRmsNorm(Data(x_TC) + at, static_cast<const float*>(nullptr), Data(part.weight_E),
                        static_cast<float>(epsilon), e, static_cast<float*>(nullptr),
                        Data(y_TC) + at, Data(rstd_TH) + t * all + part.first, 0, part.heads);
      }
    });
    return;
  }
  const Tensor x = HeadsOf(x_TC, part).to(rstd_TH.scalar_type());
  const Tensor rstd = x.square().mean(2, /*keepdim=*/true).add_(epsilon).rsqrt_();
  rstd_TH.narrow(1, part.first, part.heads).copy_(rstd.squeeze(2));
  HeadsOf(y_TC, part).copy_(x * rstd * part.weight_E);
}

// Fills the part of dx, and returns dw when asked for.
Tensor NormPartBackward(const Tensor& dy_TC, const Tensor& x_TC, const Part& part,
                        const Tensor& rstd_TH, const Tensor& dx_TC, bool w_grad) {
  const int64_t e = part.weight_E.size(0), width = x_TC.size(1), all = rstd_TH.size(1);
  const bool fused = Fused(dy_TC) && Fused(x_TC) && Fused(part.weight_E);
  if (fused)
    at::parallel_for(0, x_TC.size(0), kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        const int64_t at = t * width + part.first * e;
        cpu::RmsNormBackward(Data(dy_TC) + at, Data(x_TC) + at, Data(part.weight_E),
                             Data(rstd_TH) + t * all + part.first,
                             static_cast<const float*>(nullptr), e, Data(dx_TC) + at, 0,
                             part.heads);
      }
    });
  if (fused && !w_grad) return Tensor();
  const auto type = rstd_TH.scalar_type();
  const Tensor rstd = rstd_TH.narrow(1, part.first, part.heads).unsqueeze(2);
  const Tensor xhat = HeadsOf(x_TC, part).to(type) * rstd, dy = HeadsOf(dy_TC, part).to(type);
  if (!fused) {
    const Tensor g = dy * part.weight_E.to(type);
    HeadsOf(dx_TC, part).copy_((g - xhat * (g * xhat).mean(2, /*keepdim=*/true)) * rstd);
  }
  return w_grad ? (dy * xhat).sum({0, 1}).to(part.weight_E.scalar_type()) : Tensor();
}

struct QkNormFn : torch::autograd::Function<QkNormFn> {
  static Tensor forward(AutogradContext* ctx, const Tensor& qkv_TC, const Tensor& q_norm_E,
                        const Tensor& k_norm_E, int64_t heads, int64_t kv_heads, double epsilon) {
    const auto statistics = qkv_TC.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const Tensor rstd_TH =
        at::empty({qkv_TC.size(0), heads + kv_heads}, qkv_TC.options().dtype(statistics));
    Tensor y_TC = at::empty_like(qkv_TC);
    const int64_t turned = (heads + kv_heads) * q_norm_E.size(0);
    y_TC.narrow(1, turned, y_TC.size(1) - turned)
        .copy_(qkv_TC.narrow(1, turned, y_TC.size(1) - turned));
    NormPart(qkv_TC, {0, heads, q_norm_E}, epsilon, y_TC, rstd_TH);
    NormPart(qkv_TC, {heads, kv_heads, k_norm_E}, epsilon, y_TC, rstd_TH);
    ctx->save_for_backward({qkv_TC, q_norm_E, k_norm_E, rstd_TH});
    ctx->saved_data["heads"] = heads;
    ctx->saved_data["kv_heads"] = kv_heads;
    return y_TC;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const variable_list saved = ctx->get_saved_variables();
    const int64_t heads = ctx->saved_data["heads"].toInt(),
                  kv_heads = ctx->saved_data["kv_heads"].toInt();
    const Tensor dy_TC = grads[0].contiguous();
    Tensor dx_TC = at::empty_like(dy_TC);
    const int64_t turned = (heads + kv_heads) * saved[1].size(0);
    dx_TC.narrow(1, turned, dx_TC.size(1) - turned)
        .copy_(dy_TC.narrow(1, turned, dx_TC.size(1) - turned));
    const Tensor dq = NormPartBackward(dy_TC, saved[0], {0, heads, saved[1]}, saved[3], dx_TC,
                                       ctx->needs_input_grad(1));
    const Tensor dk = NormPartBackward(dy_TC, saved[0], {heads, kv_heads, saved[2]}, saved[3],
                                       dx_TC, ctx->needs_input_grad(2));
    return {dx_TC, dq, dk, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor QkNorm(const Tensor& qkv_TC, const Tensor& q_norm_E, const Tensor& k_norm_E,
              const ModelConfig& config) {
  return QkNormFn::apply(qkv_TC, q_norm_E, k_norm_E, config.heads, config.kv_heads, config.rms_eps);
}

}  // namespace tuneward
