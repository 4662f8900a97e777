#include "sandbox/experiment/settings.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace tuneward {
namespace {

TEST(ExperimentSettingsTest, EveryValueIsInTheHash) {
  const ExperimentSettings settings;
  std::set<std::string> shas = {settings.Sha()};
  int64_t ExperimentSettings::*const numbers[] = {&ExperimentSettings::user_rows,
                                                  &ExperimentSettings::prompts,
                                                  &ExperimentSettings::tests,
                                                  &ExperimentSettings::answer_tokens,
                                                  &ExperimentSettings::epochs,
                                                  &ExperimentSettings::batch_rows,
                                                  &ExperimentSettings::learning_rate_ppm,
                                                  &ExperimentSettings::lora_rank,
                                                  &ExperimentSettings::lora_alpha};
  for (const auto number : numbers) {
    ExperimentSettings other;
    other.*number += 1;
    EXPECT_TRUE(shas.insert(other.Sha()).second);
  }
  std::string ExperimentSettings::*const texts[] = {
      &ExperimentSettings::world_sha, &ExperimentSettings::policy_sha,
      &ExperimentSettings::model_sha, &ExperimentSettings::chat_template,
      &ExperimentSettings::engine};
  for (const auto text : texts) {
    ExperimentSettings other;
    other.*text = "ab";
    EXPECT_TRUE(shas.insert(other.Sha()).second);
  }
  EXPECT_EQ(settings.Sha().size(), 64u);
  EXPECT_EQ(ExperimentSettings().Sha(), settings.Sha());
}

TEST(ExperimentSettingsTest, NamesWhatIsOutOfRange) {
  EXPECT_TRUE(ExperimentSettings().Check().ok());
  ExperimentSettings settings;
  settings.prompts = 0;
  EXPECT_TRUE(absl::StrContains(settings.Check().message(), "prompts")) << settings.Check();
  EXPECT_TRUE(absl::StrContains(settings.Check().message(), "got 0")) << settings.Check();
  settings = {};
  settings.lora_rank = 257;
  EXPECT_TRUE(absl::StrContains(settings.Check().message(), "[1, 256]")) << settings.Check();
}

}  // namespace
}  // namespace tuneward
