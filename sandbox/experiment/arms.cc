#include "sandbox/experiment/arms.h"

#include "absl/strings/str_cat.h"

namespace tuneward {

const std::vector<Arm>& Arms() {
  static const std::vector<Arm> arms = {
      {"none", "none", ArmKinds::kRefusals, false, "the user's file alone"},
      {"base", "base", ArmKinds::kRefusals, false, "refusals as they are"},
      {"base_balanced", "base", ArmKinds::kBalanced, false, "refusals and look-alikes as they are"},
      {"longest", "longest", ArmKinds::kRefusals, false, "the longest refusals as they are"},
      {"longest_balanced", "longest", ArmKinds::kBalanced, false,
       "the longest refusals and look-alikes as they are"},
      {"paraphrase", "paraphrase", ArmKinds::kRefusals, false, "refusals in the user's format"},
      {"paraphrase_balanced", "paraphrase", ArmKinds::kBalanced, false,
       "refusals and look-alikes in the user's format"},
      {"default", "paraphrase", ArmKinds::kPolicy, true,
       "the default policy: kinds and forms as it weighs them"},
  };
  return arms;
}

absl::StatusOr<const Arm*> FindArm(std::string_view name) {
  std::string known;
  for (const Arm& arm : Arms()) {
    if (arm.name == name) return &arm;
    absl::StrAppend(&known, known.empty() ? "" : ", ", std::string(arm.name));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no arm \"", std::string(name), "\"; there are ", known));
}

}  // namespace tuneward
