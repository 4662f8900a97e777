// One target of an experiment with its figure and its verdict, and the two rules that verdicts are
// given by: a count of families, a bound on one figure. Pure.
#pragma once

#include <optional>
#include <string>

namespace tuneward {

inline constexpr int kTargetFamilies = 7;  // of the published experiment
inline constexpr int kNeededFamilies = 5;
// Of sums of percentages: what misses a bound by less, rounding missed.
inline constexpr double kPercentRounding = 1e-9;

enum class TargetVerdict { kMet, kMissed, kNotMeasured, kReported };

struct Target {
  std::string name;    // of its row of figures, "none_autoif_families"
  std::string what;    // "no policy, AutoIF: raw ASR at least 60 %"
  std::string figure;  // what was found, in words
  TargetVerdict verdict = TargetVerdict::kNotMeasured;
  std::string note;  // by how much it is missed, why it was not measured
  std::optional<double> value, goal;
  std::string unit;  // "families", "%"
  bool higher_is_better = false;
  bool primary = false;
};

// "At least 5 of 7 families": `holding` do, of `measured` that could be judged. Those that could
// not leave it open only where they could still decide it.
void JudgeCount(Target& target, int holding, int measured);
// `value` in percent, none: not measured, with the note that is there or "no records".
void JudgeBound(Target& target, std::optional<double> value, double goal, bool higher_is_better);

std::string FamiliesText(int count);            // "1 family", "2 families"
std::string VerdictText(const Target& target);  // "met", "missed: by 2 families"

}  // namespace tuneward
