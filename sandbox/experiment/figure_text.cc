#include "sandbox/experiment/figure_text.h"

#include <cmath>

#include <fmt/format.h>

namespace tuneward {
namespace {

std::string WithInterval(std::string text, const SeedMean& mean) {
  if (mean.half_width) text += " \u00b1 " + Fixed(*mean.half_width);
  return text;
}

}  // namespace

std::string Fixed(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find_first_not_of("-0.") == std::string::npos && text[0] == '-') text.erase(0, 1);
  return text;
}

std::string MeanText(const SeedMean& mean) {
  return mean.n == 0 ? kNoFigure : WithInterval(Fixed(mean.mean), mean);
}

std::string CountText(const SeedMean& mean) {
  return mean.n == 0 ? kNoFigure : Fixed(mean.mean, 0);
}

std::string DifferenceText(const SeedMean& mean) {
  if (mean.n == 0) return kNoFigure;
  const std::string text = Fixed(mean.mean);
  const bool plus = text[0] != '-' && text != "0.0";
  return WithInterval((plus ? "+" : "") + text, mean);
}

std::string PText(std::optional<double> p) {
  if (!p) return kNoFigure;
  return *p < 0.001 ? "<0.001" : Fixed(*p, 3);
}

}  // namespace tuneward
