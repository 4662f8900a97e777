// The adapter's side of fixed factors (fixed_factor.h): setting them, taking an initial product out
// of the base, and folding both into plain LoRA.
#include <torch/csrc/autograd/grad_mode.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "worker/engine/adapter.h"
#include "worker/engine/adapter_config.h"
#include "worker/engine/fixed_factor.h"

namespace tuneward {
namespace {

using at::Tensor;

absl::Status CheckSquare(const char* what, const Tensor& factor, int64_t side) {
  if (!factor.defined() || factor.sizes() == at::IntArrayRef{side, side}) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, " factor must be [", side, ", ", side,
                                                 "], got ", ShapeText(factor.sizes())));
}

// The factors of a group to change: those it has, or none yet.
std::shared_ptr<FixedFactors> CopyOf(const GroupLora& lora) {
  auto fixed =
      lora.fixed ? std::make_shared<FixedFactors>(*lora.fixed) : std::make_shared<FixedFactors>();
  fixed->left_WW.resize(lora.parts.size());
  return fixed;
}

Tensor Left(const FixedFactors* fixed, size_t part, const Tensor& b_Wr) {
  const bool has = fixed && fixed->left_WW[part].defined();
  return has ? at::mm(fixed->left_WW[part], b_Wr) : b_Wr;
}

Tensor Right(const FixedFactors* fixed, const Tensor& a_rI) {
  return fixed && fixed->right_II.defined() ? at::mm(a_rI, fixed->right_II) : a_rI;
}

}  // namespace

absl::Status Adapter::Fix(int64_t layer, Group group, std::vector<Tensor> left_WW,
                          Tensor right_II) {
  GroupLora& lora = layers_[layer][group];
  if (left_WW.size() != lora.parts.size())
    return absl::InvalidArgumentError(absl::StrCat("left factors must be one for each of ",
                                                   lora.parts.size(), " targeted linears, got ",
                                                   left_WW.size()));
  for (size_t i = 0; i < left_WW.size(); ++i)
    TW_RETURN_IF_ERROR(CheckSquare("left", left_WW[i], lora.parts[i].width));
  if (lora.empty()) return absl::OkStatus();
  TW_RETURN_IF_ERROR(CheckSquare("right", right_II, lora.a_KI.size(1)));
  const auto fixed = CopyOf(lora);
  fixed->left_WW = std::move(left_WW);
  fixed->right_II = std::move(right_II);
  lora.fixed = fixed;
  return absl::OkStatus();
}

void Adapter::TakeOutInitial(const LayerBases& base_OI) {
  const at::NoGradGuard no_grad;
  for (size_t l = 0; l < layers_.size(); ++l)
    for (int g = 0; g < kGroups; ++g) {
      GroupLora& lora = layers_[l][g];
      if (lora.empty()) continue;
      const Tensor& w_OI = base_OI[l][g];
      const auto fixed = CopyOf(lora);
      fixed->initial_a_KI = Tensor();  // of the product as it is now, whole
      lora.fixed = fixed;
      fixed->base_OI = GroupDelta(lora, w_OI.size(0)).neg_().add_(w_OI).to(w_OI.scalar_type());
      fixed->initial_a_KI = lora.a_KI.detach().clone();
      fixed->initial_b_Wr.clear();
      for (const LoraPart& part : lora.parts)
        fixed->initial_b_Wr.push_back(part.b_Wr.detach().clone());
    }
}

absl::StatusOr<Adapter::Plain> Adapter::Fold() const {
  const at::NoGradGuard no_grad;
  Plain plain{spec_, ToTensors()};
  bool moved = false;
  for (const LayerLora& layer : layers_)
    for (const GroupLora& lora : layer)
      moved = moved || (lora.fixed && lora.fixed->initial_a_KI.defined());
  if (moved) {
    plain.spec.rank *= 2;
    plain.spec.alpha *= spec_.rslora ? std::sqrt(2.0) : 2;  // the scale stays
    TW_RETURN_IF_ERROR(CheckLoraSpec(plain.spec));
  }
  for (size_t l = 0; l < layers_.size(); ++l)
    for (const LinearSite& site : LinearSites(config_)) {
      const GroupLora& lora = layers_[l][site.group];
      for (size_t i = 0; i < lora.parts.size(); ++i) {
        if (lora.parts[i].offset != site.offset || (!lora.fixed && !moved)) continue;
        const FixedFactors* fixed = lora.fixed.get();
        const int64_t layer = static_cast<int64_t>(l), row = static_cast<int64_t>(i) * spec_.rank;
        Tensor& a = plain.tensors[PeftName(layer, site, "A")];
        Tensor& b = plain.tensors[PeftName(layer, site, "B")];
        a = Right(fixed, a);
        b = Left(fixed, i, b);
        if (!moved) continue;
        a = at::cat({a, Right(fixed, fixed->initial_a_KI.narrow(0, row, spec_.rank))});
        b = at::cat({b, Left(fixed, i, fixed->initial_b_Wr[i]).neg()}, 1);
      }
    }
  return plain;
}

}  // namespace tuneward
