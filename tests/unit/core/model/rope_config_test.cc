// Against transformers' frequencies (tests/reference/rope_reference.py), through the config.json
// that it writes.
#include "core/model/rope_config.h"

#include <gtest/gtest.h>

#include <set>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/model/model_config.h"

namespace tuneward {
namespace {

TEST(RopeConfigTest, FrequenciesAreThoseOfTransformers) {
  const std::string path = std::string(TUNEWARD_SOURCE_DIR) + "/tests/reference/rope.json";
  const Json reference = ParseJson(ReadFile(path).value()).value();
  std::set<RopeConfig::Scaling> scalings;
  for (const Json& one : reference["cases"]) {
    const auto config = ParseModelConfig(one["config"].dump());
    ASSERT_TRUE(config.ok()) << config.status();
    scalings.insert(config->rope.scaling);
    const std::vector<double> got = RopeFrequencies(config->rope, config->head_dim);
    ASSERT_EQ(got.size(), one["frequencies"].size());
    for (size_t i = 0; i < got.size(); ++i) {
      const double want = one["frequencies"][i];
      EXPECT_NEAR(got[i] / want, 1, 2e-6) << one["config"]["rope_parameters"] << " " << i;
    }
  }
  EXPECT_EQ(scalings.size(), 3u) << "none, linear and llama3";
}

// Slow pairs are stretched by the factor, fast ones kept, those between lie between.
TEST(RopeConfigTest, Llama3BlendsBetweenKeptAndStretched) {
  const RopeConfig plain{5e5}, scaled{5e5, RopeConfig::Scaling::kLlama3, 8, 1, 4, 8192};
  const auto before = RopeFrequencies(plain, 128), after = RopeFrequencies(scaled, 128);
  size_t between = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    const double ratio = before[i] / after[i];
    EXPECT_GE(ratio, 1 - 1e-12);
    EXPECT_LE(ratio, 8 + 1e-12);
    between += ratio > 1.01 && ratio < 7.99;
  }
  EXPECT_EQ(before.front(), after.front());
  EXPECT_DOUBLE_EQ(before.back(), 8 * after.back());
  EXPECT_GT(between, 1u);
}

}  // namespace
}  // namespace tuneward
