// The arms of the mixing experiment: what is mixed into a user's file. One explicit list; a grid is
// made of them by name. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace tuneward {

// Which rows an arm adds.
enum class ArmKinds {
  kRefusals,  // unbalanced: refusals alone, as the papers of these methods do
  kBalanced,  // refusals and safe look-alikes alike
  kPolicy,    // as the default policy weighs them
};

struct Arm {
  std::string_view name;
  std::string_view method;  // core/policy/policies.h
  ArmKinds kinds = ArmKinds::kRefusals;
  // Whether rows take the forms that the default policy weighs; else those of the method's paper
  // (paraphrase: all in the user's format).
  bool policy_forms = false;
  std::string_view summary;
};

const std::vector<Arm>& Arms();
// INVALID_ARGUMENT with the known ones.
absl::StatusOr<const Arm*> FindArm(std::string_view name);

}  // namespace tuneward
