#include "core/job/job_spec.h"

#include <string>

#include "core/base/json.h"
#include "core/policy/policy_document.h"
#include "tests/fuzz/check_text.h"
#include "tests/fuzz/targets.h"

namespace tuneward::fuzz {
namespace {

bool HasFraction(const Json& value) {
  if (value.is_number_float()) return true;
  if (value.is_structured())
    for (const Json& child : value)
      if (HasFraction(child)) return true;
  return false;
}

void CheckCanonical(const Json& json) {
  if (HasFraction(json)) return;
  const std::string canonical = CanonicalJson(json);
  const auto again = ParseJson(canonical);
  TW_CHECK(again.ok() && *again == json && CanonicalJson(*again) == canonical);
}

void CheckResolves(tuneward::JobSpec spec) {
  spec.seed = spec.seed.value_or(1);
  for (const int64_t rows : {int64_t{1}, int64_t{300}, int64_t{1} << 40}) {
    const auto resolved = Resolve(spec, rows, BaseDefaults{});
    if (!resolved.ok()) {
      CheckIsRefusal(resolved.status());
      continue;
    }
    const auto again = ResolvedHyperparameters::FromJson(resolved->ToJson());
    TW_CHECK(again.ok() && *again == *resolved);
  }
}

void CheckSpec(const Json& json) {
  const auto spec = tuneward::JobSpec::FromJson(json);
  if (!spec.ok()) {
    CheckIsRefusal(spec.status());
    return;
  }
  if (const absl::Status valid = ValidateJobSpec(*spec); !valid.ok()) {
    CheckIsRefusal(valid);
    return;
  }
  const auto again = tuneward::JobSpec::FromJson(spec->ToJson());
  TW_CHECK(again.ok() && *again == *spec && again->Hash() == spec->Hash());
  for (const PolicyDocument& policy : {DefaultPolicy(), OpenPolicy()}) {
    if (const absl::Status allowed = CheckAgainstPolicy(*spec, policy); !allowed.ok())
      CheckIsRefusal(allowed);
  }
  CheckResolves(*spec);
}

void CheckPolicy(const Json& json) {
  const auto policy = PolicyFromJson(json, "fuzzed", 1);
  if (!policy.ok()) {
    CheckIsRefusal(policy.status());
    return;
  }
  const auto again = PolicyFromJson(policy->ToJson(), "fuzzed", 1);
  TW_CHECK(again.ok() && again->Hash() == policy->Hash());
}

}  // namespace

void JobSpec(std::string_view bytes) {
  const auto json = ParseJson(bytes);
  if (!json.ok()) {
    CheckIsRefusal(json.status());
    return;
  }
  CheckCanonical(*json);
  CheckSpec(*json);
  CheckPolicy(*json);
}

}  // namespace tuneward::fuzz
