// Figures as the report writes them: one decimal, a mean with its interval, a p. Pure.
#pragma once

#include <optional>
#include <string>

#include "sandbox/experiment/seed_statistics.h"

namespace tuneward {

inline constexpr char kNoFigure[] = "-";

std::string Fixed(double value, int decimals = 1);  // never "-0.0"
// "12.3 +- 4.5" with the sign of one character; "12.3" of one seed; "-" of none.
std::string MeanText(const SeedMean& mean);
std::string CountText(const SeedMean& mean);  // whole, without the interval
// The same with a sign in front: of a difference.
std::string DifferenceText(const SeedMean& mean);
std::string PText(std::optional<double> p);  // "0.031", "<0.001"

}  // namespace tuneward
