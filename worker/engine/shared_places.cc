#include "worker/engine/shared_places.h"

#include <torch/csrc/autograd/custom_function.h>

#include "worker/engine/shared_tokens.h"

namespace tuneward {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void Save(AutogradContext* ctx, const SharedPlacesPtr& shared) {
  ctx->saved_data["shared"] = c10::IValue::make_capsule(shared);
}

SharedPlacesPtr Saved(AutogradContext* ctx) {
  return c10::static_intrusive_pointer_cast<SharedPlaces>(ctx->saved_data["shared"].toCapsule());
}

// Consecutive places of one row whose nodes are consecutive, too.
struct Stretch {
  int64_t place = 0, node = 0, length = 0;
};

template <typename Each>
void ForEachStretch(const SharedPlaces& shared, int64_t begin, int64_t end, const Each& each) {
  while (begin < end) {
    Stretch stretch{begin, shared.unique_host[begin], 1};
    while (begin + stretch.length < end &&
           shared.unique_host[begin + stretch.length] == stretch.node + stretch.length)
      ++stretch.length;
    each(stretch);
    begin += stretch.length;
  }
}

// Stretches and not index_add: its sums come in no fixed order on a GPU, and one row at a time on
// the CPU.
struct ToPlacesFn : torch::autograd::Function<ToPlacesFn> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x_UC, const SharedPlacesPtr& shared) {
    Save(ctx, shared);
    return x_UC.index_select(0, shared->unique_T);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const SharedPlacesPtr shared = Saved(ctx);
    const auto type = grads[0].scalar_type();
    // Many places: in bf16 what is added last would be lost.
    const Tensor dx_UC = grads[0]
                             .index_select(0, shared->first_U)
                             .to(type == at::kDouble ? at::kDouble : at::kFloat);
    for (size_t row = 0; row < shared->known_B.size(); ++row) {
      const int64_t begin = shared->cu_seqlens[row];
      ForEachStretch(*shared, begin, begin + shared->known_B[row], [&](const Stretch& stretch) {
        dx_UC.narrow(0, stretch.node, stretch.length)
            .add_(grads[0].narrow(0, stretch.place, stretch.length));
      });
    }
    return {dx_UC.to(type), Tensor()};
  }
};

struct ToNodesFn : torch::autograd::Function<ToNodesFn> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x_TC, const SharedPlacesPtr& shared) {
    Save(ctx, shared);
    return x_TC.index_select(0, shared->first_U);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const SharedPlacesPtr shared = Saved(ctx);
    const Tensor dx_TC =
        at::zeros({shared->cu_seqlens.back(), grads[0].size(1)}, grads[0].options());
    dx_TC.index_copy_(0, shared->first_U, grads[0]);
    return {dx_TC, Tensor()};
  }
};

}  // namespace

SharedPlacesPtr MakeSharedPlaces(const SharedTokens& shared, at::Device device) {
  SharedPlacesPtr made = c10::make_intrusive<SharedPlaces>();
  made->nodes = shared.tokens();
  made->cu_seqlens = shared.cu_seqlens();
  made->unique_host = shared.unique_T();
  for (size_t row = 0; row + 1 < made->cu_seqlens.size(); ++row) {
    const int64_t begin = made->cu_seqlens[row], end = made->cu_seqlens[row + 1];
    int64_t known = 0;
    while (begin + known < end && shared.first_U()[made->unique_host[begin + known]] < begin)
      ++known;
    made->known_B.push_back(known);
  }
  made->unique_T = at::tensor(made->unique_host, at::kLong).to(device);
  made->first_U = at::tensor(shared.first_U(), at::kLong).to(device);
  return made;
}

SharedPlacesPtr JoinPlaces(std::span<const PlacesOf> batches, at::Device device) {
  bool any = false;
  for (const PlacesOf& batch : batches) any |= batch.shared != nullptr;
  if (!any) return {};
  if (batches.size() == 1) return batches.front().shared;
  SharedPlacesPtr made = c10::make_intrusive<SharedPlaces>();
  made->cu_seqlens = {0};
  std::vector<Tensor> first;
  for (const auto& [shared, cu_seqlens] : batches) {
    const int64_t place = made->cu_seqlens.back(), places = cu_seqlens.back();
    const int64_t node = made->nodes;
    for (size_t row = 0; row + 1 < cu_seqlens.size(); ++row) {
      made->cu_seqlens.push_back(place + cu_seqlens[row + 1]);
      made->known_B.push_back(shared ? shared->known_B[row] : 0);
    }
    for (int64_t t = 0; t < places; ++t)
      made->unique_host.push_back(node + (shared ? shared->unique_host[t] : t));
    const Tensor each =
        shared ? shared->first_U : at::arange(places, at::TensorOptions(at::kLong).device(device));
    first.push_back(each + place);
    made->nodes += shared ? shared->nodes : places;
  }
  made->unique_T = at::tensor(made->unique_host, at::kLong).to(device);
  made->first_U = at::cat(first);
  return made;
}

Tensor ToPlaces(const Tensor& x_UC, const SharedPlacesPtr& shared) {
  return ToPlacesFn::apply(x_UC, shared);
}

Tensor ToNodes(const Tensor& x_TC, const SharedPlacesPtr& shared) {
  return ToNodesFn::apply(x_TC, shared);
}

}  // namespace tuneward
