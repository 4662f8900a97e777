#include "core/model/rope_config.h"

#include <cmath>

namespace tuneward {
namespace {

double ScaledAsLlama3(const RopeConfig& rope, double frequency) {
  const double wavelength = 2 * M_PI / frequency;
  if (wavelength > rope.original_context / rope.low_factor) return frequency / rope.factor;
  if (wavelength < rope.original_context / rope.high_factor) return frequency;
  const double kept =
      (rope.original_context / wavelength - rope.low_factor) / (rope.high_factor - rope.low_factor);
  return (1 - kept) * frequency / rope.factor + kept * frequency;
}

}  // namespace

std::vector<double> RopeFrequencies(const RopeConfig& rope, int64_t head_dim) {
  std::vector<double> frequencies;
  for (int64_t i = 0; i < head_dim / 2; ++i) {
    double frequency =
        std::pow(rope.theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    if (rope.scaling == RopeConfig::Scaling::kLinear) frequency /= rope.factor;
    if (rope.scaling == RopeConfig::Scaling::kLlama3) frequency = ScaledAsLlama3(rope, frequency);
    frequencies.push_back(frequency);
  }
  return frequencies;
}

}  // namespace tuneward
