// The rows that an arm adds to a user's file, planned by the planner of the service. Arms are
// compared at equal cost: each adds as many rows as the default policy would, and where these hold
// fewer tokens than the default's, more rows until they hold at least as many. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "core/policy/mix_plan.h"
#include "core/policy/pool.h"
#include "sandbox/experiment/arms.h"

namespace tuneward {

struct ArmRequest {
  Arm arm;
  int64_t rate_ppm = 0;  // of each kind that the default policy adds; 0: the policy's own rates
  uint64_t seed = 1;
  std::vector<Chat> user;
  SafetyPool pool;
  std::function<int64_t(const Chat&)> tokens;  // of a rendered row
  int64_t context = 0;                         // of the model: rows that do not fit are not made
};

struct ArmPlan {
  MixPlan plan;
  int64_t mixed_tokens = 0;
};

// Minimums of the policy do not count: the rate alone says how many. Errors as the planner's.
absl::StatusOr<ArmPlan> PlanArm(const ArmRequest& request);

}  // namespace tuneward
