// The list of per-job audits and of judges. Constant; thread-safe.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/judge/judge.h"
#include "worker/audits/audit.h"

namespace tuneward {

const std::vector<const Audit*>& Audits();  // catalogue order

// The audits of a profile in catalogue order. NOT_FOUND names the profiles there are.
absl::StatusOr<std::vector<const Audit*>> AuditsOfProfile(std::string_view profile);

// A judge by id ("sandbox_oracle@2"). NOT_FOUND names the judges there are.
absl::StatusOr<std::unique_ptr<const Judge>> MakeJudge(std::string_view id);
std::vector<std::string_view> JudgeIds();

}  // namespace tuneward
