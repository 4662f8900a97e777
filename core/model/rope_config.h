// Rotary positions as a config.json describes them: the base, and how a longer context was fitted
// in. Pure, no torch.
#pragma once

#include <cstdint>
#include <vector>

namespace tuneward {

struct RopeConfig {
  enum class Scaling { kNone, kLinear, kLlama3 };
  double theta = 10000;
  Scaling scaling = Scaling::kNone;
  double factor = 1;  // frequencies are divided by it: all (linear), or the slow ones (llama3)
  // llama3: a frequency is slow when its wavelength is above original_context / low_factor, and
  // kept when below original_context / high_factor; in between the two are blended.
  double low_factor = 1, high_factor = 4, original_context = 8192;

  bool operator==(const RopeConfig&) const = default;
};

// Radians a position, for the head_dim / 2 pairs of channels.
std::vector<double> RopeFrequencies(const RopeConfig& rope, int64_t head_dim);

}  // namespace tuneward
