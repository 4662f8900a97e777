#include "worker/engine/linear.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/base/status.h"
#include "worker/engine/fixed_factor.h"

namespace tuneward {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

int64_t StableRows() { return 4 * at::get_num_threads(); }

bool NeedsFill(const Tensor& x_TI) { return x_TI.is_cpu() && x_TI.size(0) < 2 * StableRows(); }

// A LoRA of the graph: which rows it has, and where its parts go. The tensors travel apart from it,
// as autograd's arguments: A, then each part's B.
struct Run {
  int64_t begin = 0, rows = 0;
  std::vector<int64_t> offsets;  // of the parts
  double scale = 1;
  Dropout dropout;
};
struct RunList : torch::CustomClassHolder {
  std::vector<Run> runs;
};

// Adds the LoRA products to y and returns u = dropout(x) A^T. `ab`: A, then the parts' B.
Tensor AddLora(Tensor& y_TO, const Tensor& x_TI, at::TensorList ab,
               const std::vector<int64_t>& offsets, double scale) {
  const Tensor& a_KI = ab[0];
  const Tensor u_TK = RowStableProduct(x_TI, a_KI.to(x_TI.scalar_type()));
  const int64_t rank = a_KI.size(0) / static_cast<int64_t>(offsets.size());
  for (size_t i = 0; i < offsets.size(); ++i) {
    const Tensor u = u_TK.narrow(1, static_cast<int64_t>(i) * rank, rank);
    const Tensor part = ab[1 + i].to(u.scalar_type());
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
                        at::TensorList lora, const c10::intrusive_ptr<RunList>& list) {
    Tensor y_TO = RowStableProduct(x_TI, w_OI);
    variable_list saved = {x_TI, w_OI};
    saved.insert(saved.end(), lora.begin(), lora.end());
    size_t next = 0;
    for (const Run& run : list->runs) {
      const at::TensorList ab = lora.slice(next, 1 + run.offsets.size());
      next += ab.size();
      const Tensor x = x_TI.narrow(0, run.begin, run.rows);
      Tensor y = y_TO.narrow(0, run.begin, run.rows);
      const Tensor dropped = run.dropout.p > 0 ? x * DropoutMask(run.dropout, x) : x;
      saved.push_back(AddLora(y, dropped, ab, run.offsets, run.scale));
    }
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["runs"] = c10::IValue::make_capsule(list);
    return y_TO;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const variable_list saved = ctx->get_saved_variables();
    const auto list =
        c10::static_intrusive_pointer_cast<RunList>(ctx->saved_data["runs"].toCapsule());
    const Tensor &x_TI = saved[0], &w_OI = saved[1];
    const Tensor dy_TO = grads[0].contiguous();
    const size_t tensors = saved.size() - 2 - list->runs.size();
    variable_list out(2 + tensors + 1);  // x, w, the LoRA tensors, the list
    if (ctx->needs_input_grad(0)) out[0] = at::mm(dy_TO, w_OI);
    if (ctx->needs_input_grad(1)) out[1] = at::mm(dy_TO.t(), x_TI);
    size_t next = 2;
    for (size_t r = 0; r < list->runs.size(); ++r) {
      const Run& run = list->runs[r];
      LoraBackward(ctx, run, saved, next, saved[2 + tensors + r], dy_TO, out);
      next += 1 + run.offsets.size();
    }
    return out;
  }

  // Gradients of A and B, and what they add to x's; `at` is A's place among the arguments.
  static void LoraBackward(AutogradContext* ctx, const Run& run, const variable_list& saved,
                           size_t at, const Tensor& u_TK, const Tensor& all_dy_TO,
                           variable_list& out) {
    const Tensor x_TI = saved[0].narrow(0, run.begin, run.rows);
    const Tensor dy_TO = all_dy_TO.narrow(0, run.begin, run.rows);
    const Tensor& a_KI = saved[at];
    const int64_t rank = a_KI.size(0) / static_cast<int64_t>(run.offsets.size());
    const Tensor a = a_KI.to(x_TI.scalar_type());
    const Tensor du_TK = at::empty_like(u_TK);
    for (size_t i = 0; i < run.offsets.size(); ++i) {
      const Tensor b = saved[at + 1 + i].to(x_TI.scalar_type());
      const Tensor dy = dy_TO.narrow(1, run.offsets[i], b.size(0));
      Tensor du = du_TK.narrow(1, static_cast<int64_t>(i) * rank, rank);
      at::mm_out(du, dy, b);
      if (ctx->needs_input_grad(at + 1 + i))
        out[at + 1 + i] = at::mm(dy.t(), u_TK.narrow(1, static_cast<int64_t>(i) * rank, rank))
                              .to(at::kFloat)
                              .mul_(run.scale);
    }
    du_TK.mul_(run.scale);
    const Tensor mask = run.dropout.p > 0 ? DropoutMask(run.dropout, x_TI) : Tensor();
    if (ctx->needs_input_grad(at))
      out[at] = at::mm(du_TK.t(), mask.defined() ? x_TI * mask : x_TI).to(at::kFloat);
    if (!out[0].defined()) return;
    Tensor dx = out[0].narrow(0, run.begin, run.rows);
    if (mask.defined())
      dx.add_(at::mm(du_TK, a).mul_(mask));
    else
      dx.addmm_(du_TK, a);
  }
};

// Rows in the middle of a tensor as they would lie at its begin: MKL promises equal bits for equal
// alignment alone.
Tensor Aligned(const Tensor& rows) {
  constexpr uintptr_t kBytes = 64;
  return reinterpret_cast<uintptr_t>(rows.const_data_ptr()) % kBytes == 0 ? rows : rows.clone();
}

// Appends A and the parts' B; the rest of a run.
Run Take(const LoraRows& rows, std::vector<Tensor>& tensors) {
  Run run{rows.begin, rows.rows, {}, rows.lora->scale, rows.dropout};
  tensors.push_back(rows.lora->a_KI);
  for (const LoraPart& part : rows.lora->parts) {
    tensors.push_back(part.b_Wr);
    run.offsets.push_back(part.offset);
  }
  return run;
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

Tensor GroupLinear(const Tensor& x_TI, const Tensor& w_OI, std::span<const LoraRows> lora) {
  auto list = c10::make_intrusive<RunList>();
  std::vector<Tensor> tensors;
  for (const LoraRows& rows : lora) {
    if (!rows.lora || rows.lora->empty()) continue;
    if (rows.lora->fixed) {
      TW_CHECK(lora.size() == 1 && rows.rows == x_TI.size(0));
      return FixedLinear(x_TI, w_OI, *rows.lora, rows.dropout);
    }
    list->runs.push_back(Take(rows, tensors));
  }
  return GroupLinearFn::apply(x_TI, w_OI, at::TensorList(tensors), list);
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
    std::vector<Tensor> ab;
    const Run plain = Take(run, ab);
    Tensor y = Aligned(place);
    AddLora(y, x, ab, plain.offsets, plain.scale);
    if (!y.is_same(place)) place.copy_(y);
  }
  return y_TO;
}

}  // namespace tuneward
