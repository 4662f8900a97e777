#include "worker/engine/linear.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "worker/engine/fixed_factor.h"

namespace tuneward {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

int64_t StableRows() { return 4 * at::get_num_threads(); }

bool NeedsFill(const Tensor& x_TI) { return x_TI.is_cpu() && x_TI.size(0) < 2 * StableRows(); }

// Adds the LoRA products to y and returns u = dropout(x) A^T.
Tensor AddLora(Tensor& y_TO, const Tensor& x_TI, const Tensor& a_KI, at::TensorList b,
               const std::vector<int64_t>& offsets, double scale) {
  const Tensor u_TK = RowStableProduct(x_TI, a_KI.to(x_TI.scalar_type()));
  const int64_t rank = a_KI.size(0) / static_cast<int64_t>(b.size());
  for (size_t i = 0; i < b.size(); ++i) {
    const Tensor u = u_TK.narrow(1, static_cast<int64_t>(i) * rank, rank);
    const Tensor part = b[i].to(u.scalar_type());
    Tensor y = y_TO.narrow(1, offsets[i], part.size(0));
    if (NeedsFill(x_TI))
      y.add_(RowStableProduct(u, part), scale);
    else
      y.addmm_(u, part.t(), 1, scale);
  }
  return u_TK;
}

struct GroupLinearFn : torch::autograd::Function<GroupLinearFn> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x_TI, const Tensor& w_OI,
                        const std::optional<Tensor>& adapter_a, at::TensorList b,
                        const std::vector<int64_t>& offsets, double scale, const Dropout& dropout) {
    Tensor y_TO = RowStableProduct(x_TI, w_OI);
    Tensor a_KI, u_TK;
    if (adapter_a) {
      a_KI = *adapter_a;
      const Tensor dropped = dropout.p > 0 ? x_TI * DropoutMask(dropout, x_TI) : x_TI;
      u_TK = AddLora(y_TO, dropped, a_KI, b, offsets, scale);
    }
    variable_list saved = {x_TI, w_OI, a_KI, u_TK};
    saved.insert(saved.end(), b.begin(), b.end());
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["offsets"] = offsets;
    ctx->saved_data["scale"] = scale;
    ctx->saved_data["p"] = dropout.p;
    ctx->saved_data["key"] = static_cast<int64_t>(uint64_t{dropout.key[1]} << 32 | dropout.key[0]);
    ctx->saved_data["site"] = static_cast<int64_t>(dropout.site);
    return y_TO;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const variable_list saved = ctx->get_saved_variables();
    const Tensor &x_TI = saved[0], &w_OI = saved[1], &a_KI = saved[2], &u_TK = saved[3];
    const size_t parts = saved.size() - 4;
    const Tensor dy_TO = grads[0].contiguous();
    // Arguments: x, w, a, b..., offsets, scale, dropout.
    variable_list out(3 + parts + 3);
    if (ctx->needs_input_grad(0)) out[0] = at::mm(dy_TO, w_OI);
    if (ctx->needs_input_grad(1)) out[1] = at::mm(dy_TO.t(), x_TI);
    if (!a_KI.defined()) return out;
    const std::vector<int64_t> offsets = ctx->saved_data["offsets"].toIntVector();
    const double scale = ctx->saved_data["scale"].toDouble();
    const int64_t rank = a_KI.size(0) / static_cast<int64_t>(parts);
    const Tensor a = a_KI.to(x_TI.scalar_type());
    const Tensor du_TK = at::empty_like(u_TK);
    for (size_t i = 0; i < parts; ++i) {
      const Tensor b = saved[4 + i].to(x_TI.scalar_type());
      const Tensor dy = dy_TO.narrow(1, offsets[i], b.size(0));
      Tensor du = du_TK.narrow(1, static_cast<int64_t>(i) * rank, rank);
      at::mm_out(du, dy, b);
      if (ctx->needs_input_grad(3 + i))
        out[3 + i] = at::mm(dy.t(), u_TK.narrow(1, static_cast<int64_t>(i) * rank, rank))
                         .to(at::kFloat)
                         .mul_(scale);
    }
    du_TK.mul_(scale);
    const Dropout dropout = SavedDropout(ctx);
    const Tensor mask = dropout.p > 0 ? DropoutMask(dropout, x_TI) : Tensor();
    if (ctx->needs_input_grad(2))
      out[2] = at::mm(du_TK.t(), mask.defined() ? x_TI * mask : x_TI).to(at::kFloat);
    if (out[0].defined()) {
      if (mask.defined())
        out[0].add_(at::mm(du_TK, a).mul_(mask));
      else
        out[0].addmm_(du_TK, a);
    }
    return out;
  }

  static Dropout SavedDropout(AutogradContext* ctx) {
    const uint64_t key = static_cast<uint64_t>(ctx->saved_data["key"].toInt());
    return {ctx->saved_data["p"].toDouble(),
            {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)},
            static_cast<uint32_t>(ctx->saved_data["site"].toInt())};
  }
};

// Rows in the middle of a tensor as they would lie at its begin: MKL promises equal bits for equal
// alignment alone.
Tensor Aligned(const Tensor& rows) {
  constexpr uintptr_t kBytes = 64;
  return reinterpret_cast<uintptr_t>(rows.const_data_ptr()) % kBytes == 0 ? rows : rows.clone();
}

std::pair<std::vector<Tensor>, std::vector<int64_t>> Split(const GroupLora& lora) {
  std::pair<std::vector<Tensor>, std::vector<int64_t>> out;
  for (const LoraPart& part : lora.parts) {
    out.first.push_back(part.b_Wr);
    out.second.push_back(part.offset);
  }
  return out;
}

}  // namespace

Tensor RowStableProduct(const Tensor& x_TI, const Tensor& w_OI) {
  if (!NeedsFill(x_TI)) return at::mm(x_TI, w_OI.t());
  const int64_t rows = x_TI.size(0),
                filled = (rows + StableRows() - 1) / StableRows() * StableRows();
  if (rows == filled) return at::mm(x_TI, w_OI.t());
  Tensor x_FI = at::zeros({filled, x_TI.size(1)}, x_TI.options());
  x_FI.narrow(0, 0, rows).copy_(x_TI);
  return at::mm(x_FI, w_OI.t()).narrow(0, 0, rows);
}

Tensor GroupLinear(const Tensor& x_TI, const Tensor& w_OI, const GroupLora& lora,
                   const Dropout& dropout) {
  if (lora.fixed) return FixedLinear(x_TI, w_OI, lora, dropout);
  const auto [b, offsets] = Split(lora);
  // An absent A must be an empty optional: autograd asks every tensor argument for its device.
  const std::optional<Tensor> a = lora.empty() ? std::nullopt : std::optional<Tensor>(lora.a_KI);
  return GroupLinearFn::apply(x_TI, w_OI, a, at::TensorList(b), offsets, lora.scale, dropout);
}

Tensor GroupLinearForward(const Tensor& x_TI, const Tensor& w_OI, std::span<const LoraRows> lora) {
  Tensor y_TO = RowStableProduct(x_TI, w_OI);
  for (const LoraRows& run : lora) {
    if (!run.lora || run.lora->empty()) continue;
    const Tensor x = Aligned(x_TI.narrow(0, run.begin, run.rows));
    const Tensor place = y_TO.narrow(0, run.begin, run.rows);
    if (run.lora->fixed) {  // its frozen part is another product
      place.copy_(FixedLinear(x, w_OI, *run.lora, Dropout{}));
      continue;
    }
    const auto [b, offsets] = Split(*run.lora);
    Tensor y = Aligned(place);
    AddLora(y, x, run.lora->a_KI, b, offsets, run.lora->scale);
    if (!y.is_same(place)) place.copy_(y);
  }
  return y_TO;
}

}  // namespace tuneward
