#include "sandbox/experiment/figure_text.h"

#include <cmath>

#include <fmt/format.h>

namespace tuneward {
namespace {

std::string WithInterval(std::string text, const SeedMean& mean, int decimals) {
  if (mean.half_width) text += " \u00b1 " + Fixed(*mean.half_width, decimals);
  return text;
}

}  // namespace

std::string Fixed(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find_first_not_of("-0.") == std::string::npos && text[0] == '-') text.erase(0, 1);
  return text;
}

std::string MeanText(const SeedMean& mean, int decimals) {
  return mean.n == 0 ? kNoFigure : WithInterval(Fixed(mean.mean, decimals), mean, decimals);
}

std::string DifferenceText(const SeedMean& mean) {
  if (mean.n == 0) return kNoFigure;
  const std::string text = Fixed(mean.mean);
  const bool plus = text[0] != '-' && text != "0.0";
  return WithInterval((plus ? "+" : "") + text, mean, 1);
}

std::string PText(std::optional<double> p) {
  if (!p) return kNoFigure;
  return *p < 0.001 ? "<0.001" : Fixed(*p, 3);
}

}  // namespace tuneward
