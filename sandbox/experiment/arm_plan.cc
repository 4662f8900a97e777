#include "sandbox/experiment/arm_plan.h"

#include <algorithm>

#include "core/data/dataset_profile.h"
#include "core/policy/planner.h"

namespace tuneward {
namespace {

// The default policy's rates, or one rate for each kind that it adds.
MixRates PolicyRates(int64_t rate_ppm) {
  MixRates rates = DefaultPolicy().rates;
  for (KindRate* kind : {&rates.refusals, &rates.lookalikes, &rates.benign}) {
    if (rate_ppm > 0 && kind->ppm > 0) kind->ppm = rate_ppm;
    kind->min_rows = 0;
  }
  return rates;
}

// The ratio whose count for so many user rows is `rows`.
int64_t RatioOf(int64_t rows, int64_t user_rows) {
  return (rows * kPpm + user_rows / 2) / user_rows;
}

// `rows` rows of the arm's kinds: all refusals, or half of them look-alikes.
MixRates CountedRates(ArmKinds kinds, int64_t rows, int64_t user_rows) {
  const int64_t lookalikes = kinds == ArmKinds::kBalanced ? rows / 2 : 0;
  MixRates rates;
  rates.mode = RateMode::kRatio;
  rates.refusals.ppm = RatioOf(rows - lookalikes, user_rows);
  rates.lookalikes.ppm = RatioOf(lookalikes, user_rows);
  return rates;
}

class Planning {
 public:
  explicit Planning(const ArmRequest& request) : request_(request) {
    plan_.profile = ProfileRows(request.user);
    plan_.pools = {request.pool};
    plan_.user_rows = static_cast<int64_t>(request.user.size());
    plan_.seed = request.seed;
    plan_.fits = [&request](const Chat& chat) { return request.tokens(chat) <= request.context; };
  }

  absl::StatusOr<ArmPlan> Default() {
    plan_.policy = DefaultPolicy();
    plan_.method = plan_.policy.default_method;
    return Make(PolicyRates(request_.rate_ppm));
  }

  absl::StatusOr<ArmPlan> OfMethod(int64_t rows) {
    const Arm& arm = request_.arm;
    plan_.policy = OpenPolicy();
    if (!arm.policy_forms)
      plan_.policy.forms = {.in_format = 1, .raw = 0, .neutral = 0, .persona = 0};
    plan_.method = std::string(arm.method);
    return Make(CountedRates(arm.kinds, rows, plan_.user_rows));
  }

 private:
  absl::StatusOr<ArmPlan> Make(const MixRates& rates) {
    plan_.rates = rates;
    ArmPlan made;
    TW_ASSIGN_OR_RETURN(made.plan, Plan(plan_));
    for (const MixRow& row : made.plan.rows) made.mixed_tokens += request_.tokens(row.chat);
    return made;
  }

  const ArmRequest& request_;
  PlanRequest plan_;
};

}  // namespace

absl::StatusOr<ArmPlan> PlanArm(const ArmRequest& request) {
  if (request.user.empty()) return absl::InvalidArgumentError("the user's file has no row");
  Planning planning(request);
  if (request.arm.method == "none") return planning.OfMethod(0);
  TW_ASSIGN_OR_RETURN(ArmPlan wanted, planning.Default());
  if (request.arm.kinds == ArmKinds::kPolicy) return wanted;
  auto rows = static_cast<int64_t>(wanted.plan.rows.size());
  while (true) {
    TW_ASSIGN_OR_RETURN(ArmPlan made, planning.OfMethod(rows));
    const int64_t missing = wanted.mixed_tokens - made.mixed_tokens;
    if (missing <= 0) return made;
    // As many as hold the rest at these rows' mean; the last ones singly.
    rows += std::max<int64_t>(1, missing * rows / std::max<int64_t>(1, made.mixed_tokens));
  }
}

}  // namespace tuneward
