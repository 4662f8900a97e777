#include "server/safety_sets.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sandbox/world/sandbox_sets.h"

namespace tuneward {

SafetySets SafetySets::BuiltIn() {
  SafetySets sets;
  SafetyPool pool = MakeSandboxPool();
  sets.pools_.emplace(pool.id, std::move(pool));
  sets.eval_sets_ = {MakeSandboxEvalSet().id};
  return sets;
}

absl::StatusOr<const SafetyPool*> SafetySets::FindPool(const std::string& id) const {
  const auto found = pools_.find(id);
  if (found != pools_.end()) return &found->second;
  return absl::NotFoundError(absl::StrCat("no safety pool '", id, "'; known: ", PoolIds()));
}

std::string SafetySets::PoolIds() const {
  return absl::StrJoin(pools_, ", ",
                       [](std::string* out, const auto& entry) { out->append(entry.first); });
}

std::string SafetySets::EvalSetIds() const { return absl::StrJoin(eval_sets_, ", "); }

}  // namespace tuneward
