// Statistics over seeds: a figure's mean with its interval, two arms compared on the seeds that
// both have, and Holm's correction for several comparisons. A seed is the unit: what one seed's
// training answers to hundreds of prompts is one number here. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace tuneward {

using BySeed = std::map<uint64_t, double>;

// Two-sided p of Student's t with `degrees` >= 1 of freedom: P(|T| >= |t|).
double StudentTwoSided(double t, int degrees);
// t with P(|T| <= t) = confidence in (0, 1).
double StudentQuantile(double confidence, int degrees);

struct SeedMean {
  int n = 0;  // seeds; 0: nothing was measured, and mean is 0
  double mean = 0;
  std::optional<double> half_width;  // of Student's 95 % interval; one seed has none
};
SeedMean MeanOverSeeds(const BySeed& values);

// First minus second over the seeds that both have.
struct PairedTest {
  SeedMean difference;
  // Two-sided p of the paired t-test; that of the sign flips where the differences are all equal
  // and not zero (a t of infinity would claim certainty that a few seeds cannot give); 1 where all
  // are zero; none with fewer than two seeds.
  std::optional<double> p;
  // Two-sided p of the exact test that flips the differences' signs in all 2^n ways: it assumes
  // only that they are symmetric about zero, and cannot be below 2 / 2^n (5 seeds: 0.0625). None
  // with fewer than two seeds or more than 20.
  std::optional<double> p_sign_flip;
};
PairedTest ComparePaired(const BySeed& first, const BySeed& second);

// Holm 1979, "A simple sequentially rejective multiple test procedure" (Scandinavian Journal of
// Statistics 6:65), step-down: adjusted p in the order given, each at least its own p, at most 1.
// What was not tested stays so and does not count.
std::vector<std::optional<double>> HolmAdjust(const std::vector<std::optional<double>>& p);

// Spearman's rank correlation, ties at their mean rank. None for fewer than two pairs or where one
// side is all equal. `x` and `y` are of one size.
std::optional<double> RankCorrelation(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace tuneward
