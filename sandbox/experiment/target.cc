#include "sandbox/experiment/target.h"

#include <algorithm>

#include <fmt/format.h>

#include "sandbox/experiment/figure_text.h"

namespace tuneward {

std::string FamiliesText(int count) {
  return fmt::format("{} famil{}", count, count == 1 ? "y" : "ies");
}

void JudgeCount(Target& target, int holding, int measured) {
  const int total = std::max(kTargetFamilies, measured);
  const int needed = (kNeededFamilies * total + kTargetFamilies - 1) / kTargetFamilies;
  target.unit = "families";
  target.higher_is_better = true;
  target.goal = needed;
  if (holding >= needed) {
    target.verdict = TargetVerdict::kMet;
  } else if (holding + total - measured < needed) {
    target.verdict = TargetVerdict::kMissed;
    target.note = "by " + FamiliesText(needed - holding);
  } else {
    target.note = fmt::format("{} of {} families", measured, total);
    return;
  }
  target.value = holding;
}

void JudgeBound(Target& target, std::optional<double> value, double goal, bool higher_is_better) {
  target.unit = "%";
  target.higher_is_better = higher_is_better;
  target.goal = goal;
  if (!value) {
    if (target.note.empty()) target.note = "no records";
    return;
  }
  target.value = value;
  const double short_by = higher_is_better ? goal - *value : *value - goal;
  target.verdict = short_by <= kPercentRounding ? TargetVerdict::kMet : TargetVerdict::kMissed;
  // One that rounds to the goal is missed all the same.
  if (short_by > kPercentRounding)
    target.note =
        short_by < 0.05 ? "by less than 0.05 points" : "by " + Fixed(short_by) + " points";
}

std::string VerdictText(const Target& target) {
  const auto with_note = [&](std::string word) {
    return target.note.empty() ? word : word + ": " + target.note;
  };
  switch (target.verdict) {
    case TargetVerdict::kMet:
      return with_note("met");
    case TargetVerdict::kMissed:
      return with_note("missed");
    case TargetVerdict::kNotMeasured:
      return with_note("not measured");
    case TargetVerdict::kReported:
      return "reported";
  }
  return "";
}

}  // namespace tuneward
