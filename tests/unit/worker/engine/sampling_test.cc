#include "worker/engine/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace tuneward {
namespace {

// Probabilities 0.5, 0.3, 0.2 in the order 1, 2, 0.
const std::vector<float> kLogits = {std::log(0.2f), std::log(0.5f), std::log(0.3f)};

TEST(SamplingTest, ArgMaxTakesTheLowestOfEquals) {
  EXPECT_EQ(ArgMax(std::vector<float>{1, 3, 3}), 1);
  EXPECT_EQ(ArgMax(kLogits), 1);
}

TEST(SamplingTest, TakesTheTokenAtTheDrawnProbability) {
  EXPECT_EQ(SampleToken(kLogits, 1, 1, 0.0), 0);
  EXPECT_EQ(SampleToken(kLogits, 1, 1, 0.19), 0);
  EXPECT_EQ(SampleToken(kLogits, 1, 1, 0.21), 1);
  EXPECT_EQ(SampleToken(kLogits, 1, 1, 0.69), 1);
  EXPECT_EQ(SampleToken(kLogits, 1, 1, 0.71), 2);
  EXPECT_EQ(SampleToken(kLogits, 1, 1, 1 - 1e-9), 2);
}

TEST(SamplingTest, NucleusCutsTheTail) {
  // 0.5 + 0.3 reach 0.7: token 0 can never be drawn, the others share 0.8.
  EXPECT_EQ(SampleToken(kLogits, 1, 0.7, 0.0), 1);
  EXPECT_EQ(SampleToken(kLogits, 1, 0.7, 0.62), 1);
  EXPECT_EQ(SampleToken(kLogits, 1, 0.7, 0.63), 2);
  EXPECT_EQ(SampleToken(kLogits, 1, 0.7, 1 - 1e-9), 2);
  EXPECT_EQ(SampleToken(kLogits, 1, 1e-9, 0.99), 1);
}

TEST(SamplingTest, LowTemperatureIsGreedy) {
  for (const double uniform : {1e-9, 0.5, 0.999})
    EXPECT_EQ(SampleToken(kLogits, 0.01, 1, uniform), 1);
}

TEST(SamplingTest, LogProbabilities) {
  const std::vector<float> logits = {1, 2, 3, 1000};
  const std::span<const float> small(logits.data(), 3);
  EXPECT_NEAR(LogProbability(small, 2), -0.40760596444438, 1e-12);  // 3 - log(e + e^2 + e^3)
  EXPECT_NEAR(LogProbability(small, 0), -2.40760596444438, 1e-12);
  EXPECT_EQ(LogProbability(logits, 3), 0);
  EXPECT_EQ(LogProbability(logits, 1), -998);
}

}  // namespace
}  // namespace tuneward
