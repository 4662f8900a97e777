// Mixing method `longest`: the safety rows with the longest answers, as they are, in plain chat
// form. A baseline of the mixing literature: a long refusal gives more of its loss to safety than a
// short one. Which rows come in depends on the pools alone, never on the seed. Immutable.
#pragma once

#include "core/policy/policies.h"

namespace tuneward {

class LongestMethod final : public MixMethod {
 public:
  std::string_view name() const override { return "longest"; }
  std::string_view backend() const override { return ""; }
  std::string_view summary() const override {
    return "safety rows with the longest answers, in plain chat form";
  }
  bool adds_rows() const override { return true; }
  RowOrder order() const override;
  std::vector<std::string> Recipes(const MixTask& task) const override;
  Chat Render(const MixTask& task, const std::string& recipe,
              RandomStream& slot_stream) const override;
};

}  // namespace tuneward
