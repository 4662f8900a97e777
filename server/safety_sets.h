// The safety pools and evaluation sets of this build, by id: what base models and policies may
// name. Made once at start, read-only after.
#pragma once

#include <map>
#include <set>
#include <string>

#include "core/base/status.h"
#include "core/policy/pool.h"

namespace tuneward {

class SafetySets {
 public:
  static SafetySets BuiltIn();  // safety_sets.cc is the list

  absl::StatusOr<const SafetyPool*> FindPool(
      const std::string& id) const;  // NOT_FOUND with the known ids
  bool HasEvalSet(const std::string& id) const { return eval_sets_.count(id) > 0; }
  std::string PoolIds() const;  // "sandbox@2, ..."
  std::string EvalSetIds() const;

 private:
  std::map<std::string, SafetyPool> pools_;
  std::set<std::string> eval_sets_;
};

}  // namespace tuneward
