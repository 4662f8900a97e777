// The safety policy as a pure function: the same inputs give the same plan, byte for byte, for
// ever. It runs before a job is scheduled. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/data/dataset_profile.h"
#include "core/policy/mix_plan.h"
#include "core/policy/policy_document.h"
#include "core/policy/pool.h"

namespace tuneward {

struct PlanRequest {
  std::string file_sha, spec_sha;  // hex
  DatasetProfile profile;
  PolicyDocument policy;
  std::vector<SafetyPool> pools;  // at least one unless the method is `none`
  std::string method;             // empty: the policy's default
  MixRates rates;                 // the policy's, or the job's choice within them (EffectiveRates)
  int64_t user_rows = 0;          // of the file, without dropped lines
  std::vector<DroppedLine> dropped;
  uint64_t seed = 0;
  // Whether the base's context holds a row whole; a row that it does not hold is made in a shorter
  // form. Empty: it holds every row.
  std::function<bool(const Chat&)> fits;
};

// INVALID_ARGUMENT POLICY_FORBIDS for a method that the policy does not allow; FAILED_PRECONDITION
// when a pool has no row of a kind that is needed.
absl::StatusOr<MixPlan> Plan(const PlanRequest& request);

// Rows of each kind for so many user rows: the rate or the minimum, whichever is more.
struct KindCounts {
  int64_t refusals = 0, lookalikes = 0, benign = 0;
  std::vector<std::string>
      minimum_won;  // kinds whose minimum was above their rate: "refusals", ...
  int64_t total() const { return refusals + lookalikes + benign; }
};
KindCounts CountRows(const MixRates& rates, int64_t user_rows);

// A plan is made in memory, stored and sent as one document: it has a bound.
inline constexpr int64_t kMaxMixedRows = 100'000;
// INVALID_ARGUMENT LIMIT_EXCEEDED when so many user rows need more mixed rows than a plan holds.
absl::Status CheckPlanSize(const MixRates& rates, int64_t user_rows);

}  // namespace tuneward
