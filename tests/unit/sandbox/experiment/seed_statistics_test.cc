// Against SciPy and statsmodels (tests/reference/seed_statistics.py, which wrote the numbers).
#include "sandbox/experiment/seed_statistics.h"

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/base/json.h"

namespace tuneward {
namespace {

const Json& Reference() {
  static const Json reference =
      ParseJson(ReadFile(std::string(TUNEWARD_SOURCE_DIR) + "/tests/reference/seed_statistics.json")
                    .value())
          .value();
  return reference;
}

BySeed Seeds(const std::vector<double>& values) {
  BySeed seeds;
  for (size_t i = 0; i < values.size(); ++i) seeds[i + 1] = values[i];
  return seeds;
}

TEST(StudentTest, TailsAndQuantilesAreThoseOfSciPy) {
  for (const Json& one : Reference()["student"]) {
    const double p = one["p"];
    EXPECT_NEAR(StudentTwoSided(one["t"], one["degrees"]), p, 1e-13 + 1e-10 * p) << one;
  }
  for (const Json& one : Reference()["quantile"]) {
    const double t = one["t"];
    EXPECT_NEAR(StudentQuantile(one["confidence"], one["degrees"]) / t, 1, 1e-10) << one;
  }
}

TEST(ComparePairedTest, MeansIntervalsAndBothTestsAreThoseOfSciPy) {
  size_t without_t = 0;
  for (const Json& one : Reference()["pairs"]) {
    const PairedTest test = ComparePaired(Seeds(one["first"]), Seeds(one["second"]));
    EXPECT_EQ(test.difference.n, static_cast<int>(one["first"].size()));
    EXPECT_NEAR(test.difference.mean, one["mean"].get<double>(), 1e-12) << one;
    EXPECT_NEAR(test.difference.half_width.value(), one["half_width"].get<double>(), 1e-9) << one;
    EXPECT_NEAR(test.p_sign_flip.value(), one["p_sign_flip"].get<double>(), 1e-12) << one;
    without_t += one["p"].is_null();
    const Json& p = one["p"].is_null() ? one["p_sign_flip"] : one["p"];
    EXPECT_NEAR(test.p.value(), p.get<double>(), 1e-10) << one;
  }
  EXPECT_EQ(without_t, 1u) << "one pair has equal differences: its p is that of the sign flips";
}

TEST(ComparePairedTest, TakesOnlySeedsThatBothHave) {
  const PairedTest test = ComparePaired({{1, 10}, {2, 20}, {4, 99}}, {{1, 8}, {2, 14}, {3, 0}});
  EXPECT_EQ(test.difference.n, 2);
  EXPECT_DOUBLE_EQ(test.difference.mean, 4);
}

TEST(ComparePairedTest, SaysWhatItCannotKnow) {
  const PairedTest none = ComparePaired({{1, 10}}, {{2, 10}});
  EXPECT_EQ(none.difference.n, 0);
  EXPECT_FALSE(none.p || none.p_sign_flip || none.difference.half_width);
  const PairedTest one = ComparePaired({{1, 10}}, {{1, 4}});
  EXPECT_DOUBLE_EQ(one.difference.mean, 6);
  EXPECT_FALSE(one.p || one.p_sign_flip || one.difference.half_width);
  const PairedTest equal = ComparePaired(Seeds({3, 0, 1}), Seeds({3, 0, 1}));
  EXPECT_EQ(equal.p, 1.0);
  EXPECT_EQ(equal.p_sign_flip, 1.0);
  // 2^21 ways are not tried.
  const BySeed many = Seeds(std::vector<double>(21, 1.0));
  EXPECT_FALSE(ComparePaired(many, Seeds(std::vector<double>(21, 0.0))).p_sign_flip);
}

TEST(HolmAdjustTest, IsThatOfStatsmodels) {
  for (const Json& one : Reference()["holm"]) {
    std::vector<std::optional<double>> p;
    for (const double value : one["p"]) p.emplace_back(value);
    const auto adjusted = HolmAdjust(p);
    for (size_t i = 0; i < p.size(); ++i)
      EXPECT_NEAR(adjusted[i].value(), one["adjusted"][i].get<double>(), 1e-12) << one << i;
  }
}

TEST(HolmAdjustTest, WhatWasNotTestedDoesNotCount) {
  const auto adjusted = HolmAdjust({0.01, std::nullopt, 0.04});
  EXPECT_DOUBLE_EQ(adjusted[0].value(), 0.02);
  EXPECT_FALSE(adjusted[1]);
  EXPECT_DOUBLE_EQ(adjusted[2].value(), 0.04);
}

TEST(RankCorrelationTest, IsThatOfSciPy) {
  for (const Json& one : Reference()["ranks"])
    EXPECT_NEAR(RankCorrelation(one["x"], one["y"]).value(), one["rho"].get<double>(), 1e-12)
        << one;
  EXPECT_FALSE(RankCorrelation({1}, {1}));
  EXPECT_FALSE(RankCorrelation({1, 1}, {1, 2}));
}

}  // namespace
}  // namespace tuneward
